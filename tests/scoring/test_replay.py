"""Closed hand-offs replayed: on which day another rubric would have opened them."""

from typing import Any

import pytest

from app.scoring.price import PriceList
from app.scoring.replay import Closed, Replayed, ReplayedOutcome, replay, summary
from app.scoring.rubric import Rubric
from app.scoring.signal import Signal
from app.scoring.tally import Adjustments, Tallies

A = Signal("a", {}, ()).key
FIRST, LAST = 100, 200


def rubric_of(at: float = 10, **more: Any) -> Rubric:
    handoff = {"at": at, **more.pop("handoff", {})}
    rules = [{"id": "a", "on": "a", "points": 5}]
    return Rubric.model_validate({"name": "Test", "rules": rules, "handoff": handoff, **more})


def days_of(
    rubric: Rubric,
    closed: list[Closed],
    *points_on: int,
    adjusted: tuple[tuple[int, int], ...] = (),
    grade: str | None = None,
) -> list[int | None]:
    """When hand-offs would have been opened for a partner with 5 points on each of these days."""
    replayed = replay(
        rubric,
        PriceList(rubric),
        closed,
        tallies=Tallies.of([(0, A, day, 1) for day in points_on]),
        adjustments=Adjustments.of([(0, day, points * 1000, 1) for day, points in adjusted]),
        grade=grade,
        first=FIRST,
        last=LAST,
    )
    assert [each.handoff for each in replayed] == closed
    return [each.opened_day for each in replayed]


ONE = [Closed(120, 121, "converted")]


@pytest.mark.parametrize(("at", "day"), [(10, 120), (5, 110), (15, 130), (20, None)])
def test_the_first_crossing(at: float, day: int | None) -> None:
    assert days_of(rubric_of(at), ONE, 110, 120, 130) == [day]


@pytest.mark.parametrize(("closed", "earlier"), [(112, -8), (120, 0), (125, 5)])
def test_earlier_is_more_than_zero(closed: int, earlier: int) -> None:
    assert Replayed(Closed(closed, closed, "converted"), 120).days_earlier == earlier


def test_never_is_neither_earlier_nor_later() -> None:
    assert Replayed(ONE[0], None).days_earlier is None


def test_a_score_from_before_the_period_crosses_when_the_next_points_come() -> None:
    assert days_of(rubric_of(), ONE, 90, 95, 107) == [107]


def test_a_falling_score_crosses_nothing() -> None:
    assert days_of(rubric_of(fade={"half_life_days": 30}), ONE, 80, 81, 82) == [None]


def test_points_given_by_hand_cross_too() -> None:
    assert days_of(rubric_of(), ONE, 105, adjusted=((106, -1), (109, 6))) == [109]


def test_days_after_the_period_do_not_exist() -> None:
    assert days_of(rubric_of(), ONE, 110, LAST + 1) == [None]


TWO = [Closed(120, 121, "rejected"), Closed(170, 171, "converted")]


def test_a_second_hand_off_waits_until_time_re_arms() -> None:
    rubric = rubric_of(handoff={"rearm_after_days": {"rejected": 30}})
    assert days_of(rubric, TWO, 110, 115, 122, 130, 151, 160) == [115, 151]


def test_a_second_hand_off_comes_sooner_if_the_score_fell() -> None:
    rubric = rubric_of(fade={"window_days": 20}, handoff={"rearm_below": 5})
    assert days_of(rubric, TWO, 110, 115, 140, 141) == [115, 141]


def test_once_fallen_it_stays_armed() -> None:
    rubric = rubric_of(15, fade={"window_days": 20}, handoff={"rearm_below": 5})
    assert days_of(rubric, TWO, 110, 115, 118, 140, 142, 144) == [118, 144]


def test_nothing_is_opened_before_the_one_before_was_closed() -> None:
    rubric = rubric_of(handoff={"rearm_after_days": {"default": 0}})
    closed = [Closed(120, 140, "rejected"), Closed(170, 171, "converted")]
    assert days_of(rubric, closed, 110, 115, 125, 139, 145) == [115, 145]


def test_the_next_hand_off_ends_the_wait() -> None:
    assert days_of(rubric_of(), TWO, 110, 170) == [None, 170]


@pytest.mark.parametrize(("grade", "day"), [("A", 115), ("B", None), (None, None)])
def test_the_grade_is_a_gate(grade: str | None, day: int | None) -> None:
    rubric = rubric_of(fit={"grades": {"A": 10, "B": 0}}, handoff={"gates": {"min_grade": "A"}})
    assert days_of(rubric, ONE, 110, 115, grade=grade) == [day]


def test_other_gates_are_ignored() -> None:
    rubric = rubric_of(handoff={"gates": {"min_contacts": 3, "require_any": ["webinar.attended"]}})
    assert days_of(rubric, ONE, 110, 115) == [115]


def test_a_rubric_without_hand_offs_opens_none() -> None:
    rubric = Rubric.model_validate({"name": "Test", "rules": [{"id": "a", "on": "a", "points": 5}]})
    assert days_of(rubric, TWO, 110, 115, 150) == [None, None]


def test_no_hand_offs_nothing_to_replay() -> None:
    assert days_of(rubric_of(), [], 110, 115) == []


def replayed(outcome: str, *opened: int | None) -> list[Replayed]:
    return [Replayed(Closed(120, 121, outcome), day) for day in opened]


def test_a_summary_by_outcome() -> None:
    found = summary(
        [
            *replayed("converted", 110, 118, 125),
            *replayed("rejected", None, 121, None),
            *replayed("withdrawn", 1),
        ]
    )
    assert [each for each in found.outcomes if each.closed] == [
        ReplayedOutcome("converted", 3, 3, 2),
        ReplayedOutcome("rejected", 3, 1, -1),
        ReplayedOutcome("withdrawn", 1, 1, 119),
    ]
    assert (found.precision_before, found.precision_after) == (0.5, 0.75)


def test_a_summary_of_nothing() -> None:
    document = summary([]).document()
    assert document["precision"] == {"before": None, "after": None}
    assert document["outcomes"] == [
        {"outcome": name, "closed": 0, "handed_off": 0, "days_earlier": None}
        for name in ("converted", "accepted", "rejected", "unreachable", "withdrawn")
    ]
