"""When a hand-off opens, and when the next one may."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.scoring.crossing import Standing, armed_on, crosses, is_fresh, rearm_day, rearmed
from app.scoring.rubric import Rubric

TODAY = 1000
NOW = datetime(2026, 3, 12, 15, tzinfo=UTC)


def rubric_with(**handoff: object) -> Rubric:
    document = {
        "name": "Test",
        "rules": [{"id": "a", "on": "a", "points": 1}],
        "fit": {"rules": [], "grades": {"A": 15, "B": 10, "C": 0}},
        "handoff": {"at": 25, **handoff} if handoff else None,
    }
    return Rubric.model_validate(document)


RUBRIC = rubric_with(rearm_below=15)
QUIET = rubric_with()
ARMED = Standing(armed=True, open_handoff=False, rearm_on=None)
CLOSED = Standing(armed=False, open_handoff=False, rearm_on=TODAY + 5)
OPEN = Standing(armed=False, open_handoff=True, rearm_on=None)


def passes(rubric: Rubric, **changed: Any) -> bool:
    facts = {"armed": True, "score_after": 25.0, "grade": None, "contacts": 0, "recent_types": ()}
    return crosses(rubric, **{**facts, **changed})


@pytest.mark.parametrize(
    ("standing", "today", "armed"),
    [
        (ARMED, TODAY, True),
        (CLOSED, TODAY + 4, False),
        (CLOSED, TODAY + 5, True),
        (OPEN, TODAY, False),
        (replace(OPEN, armed=True, rearm_on=TODAY), TODAY, False),
        (replace(CLOSED, rearm_on=None), TODAY, False),
    ],
)
def test_readers_see_what_time_rearms(standing: Standing, today: int, *, armed: bool) -> None:
    assert armed_on(standing, today) is armed


@pytest.mark.parametrize(
    ("standing", "score_before", "armed"),
    [
        (ARMED, 99.0, True),
        (CLOSED, 15.0, False),
        (CLOSED, 14.999999, True),
        (replace(CLOSED, rearm_on=TODAY), 99.0, True),
        (OPEN, 0.0, False),
    ],
)
def test_an_event_at_a_low_score_rearms(standing: Standing, score_before: float, *, armed: bool) -> None:
    assert rearmed(RUBRIC, standing, score_before=score_before, today=TODAY) is armed


def test_without_a_threshold_only_time_rearms() -> None:
    assert not rearmed(QUIET, CLOSED, score_before=-5.0, today=TODAY)
    assert rearmed(QUIET, CLOSED, score_before=-5.0, today=TODAY + 5)


def test_rearming_is_at_the_threshold_unless_given() -> None:
    assert rearmed(rubric_with(at=25), CLOSED, score_before=24.999999, today=TODAY)
    assert not rearmed(rubric_with(at=25), CLOSED, score_before=25.0, today=TODAY)


@pytest.mark.parametrize(
    ("changed", "crossed"),
    [
        ({}, True),
        ({"score_after": 24.999999}, False),
        ({"armed": False}, False),
        ({"score_after": 900.0}, True),
    ],
)
def test_crossing(changed: dict[str, object], *, crossed: bool) -> None:
    assert passes(RUBRIC, **changed) is crossed


@pytest.mark.parametrize(
    ("gates", "changed", "crossed"),
    [
        ({"min_grade": "B"}, {"grade": "A"}, True),
        ({"min_grade": "B"}, {"grade": "B"}, True),
        ({"min_grade": "B"}, {"grade": "C"}, False),
        ({"min_grade": "C"}, {"grade": None}, False),
        ({"min_contacts": 2}, {"contacts": 1}, False),
        ({"min_contacts": 2}, {"contacts": 2}, True),
        ({"require_any": ["a.b", "c"]}, {"recent_types": {"c", "d"}}, True),
        ({"require_any": ["a.b", "c"]}, {"recent_types": {"d"}}, False),
        ({"require_any": ["a.b"], "min_contacts": 1}, {"recent_types": {"a.b"}}, False),
    ],
)
def test_gates(gates: dict[str, object], changed: dict[str, object], *, crossed: bool) -> None:
    assert passes(rubric_with(gates=gates), **changed) is crossed


def test_without_a_threshold_nothing_crosses() -> None:
    assert not passes(QUIET, score_after=1e6)


@pytest.mark.parametrize(("outcome", "days"), [("rejected", 90), ("unreachable", 14), ("converted", 30)])
def test_each_outcome_has_its_wait(outcome: str, days: int) -> None:
    rubric = rubric_with(rearm_after_days={"rejected": 90, "unreachable": 14})
    assert rearm_day(rubric, outcome, TODAY) == TODAY + days


def test_the_wait_is_30_days_unless_given() -> None:
    assert rearm_day(QUIET, "converted", TODAY) == TODAY + 30
    assert rearm_day(rubric_with(rearm_after_days={"default": 3}), "converted", TODAY) == TODAY + 3


@pytest.mark.parametrize(("age", "fresh"), [(0, True), (7, True), (7.001, False)])
def test_an_old_event_opens_nothing(age: float, *, fresh: bool) -> None:
    assert is_fresh(RUBRIC, NOW - timedelta(days=age), NOW) is fresh


def test_without_a_threshold_no_event_is_fresh_enough() -> None:
    assert not is_fresh(QUIET, NOW, NOW)


@given(st.lists(st.tuples(st.floats(0, 50), st.integers(0, 10)), min_size=1, max_size=40))
def test_a_crossing_fires_once_until_rearmed(story: list[tuple[float, int]]) -> None:
    """A score that moves at random, some days apart: between two crossings it fell, or the wait was over."""
    rubric = rubric_with(rearm_below=15, rearm_after_days={"default": 20})
    standing, today, before, lowest, fired_on = ARMED, TODAY, 0.0, 0.0, None
    for after, days in story:
        today += days
        lowest = min(lowest, before)
        armed = rearmed(rubric, standing, score_before=before, today=today)
        standing = replace(standing, armed=armed, rearm_on=None if armed else standing.rearm_on)
        if passes(rubric, armed=armed, score_after=after):
            assert fired_on is None or lowest < 15 or today >= fired_on + 20
            standing = Standing(
                armed=False, open_handoff=False, rearm_on=rearm_day(rubric, "accepted", today)
            )
            fired_on, lowest = today, after
        before = after
    assert fired_on is not None or all(after < 25 for after, _ in story)


def test_a_withdrawn_handoff_is_no_reason_to_wait() -> None:
    assert rearm_day(rubric_with(rearm_after_days={"default": 3}), "withdrawn", TODAY) == TODAY
