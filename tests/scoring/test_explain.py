"""Explanations and histories: every line accounted for, and the same numbers as everywhere else."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.scoring.days import day_number
from app.scoring.explain import Explanation, Line, explain, explain_each, history
from app.scoring.price import PriceList
from app.scoring.rubric import Rubric
from app.scoring.signal import signal_of
from app.scoring.tally import Adjustments, Tallies
from tests.scoring.reference import score
from tests.scoring.strategies import DAYS, FIRST, histories

History = tuple[Rubric, Tallies, Adjustments]
as_of_days = st.integers(0, 2 * DAYS).map(lambda after: FIRST + after)
NOTHING = Adjustments.of([])


def explained(rubric: Rubric, tallies: Tallies, adjustments: Adjustments, *, as_of: int) -> Explanation:
    return explain(rubric, PriceList(rubric), tallies, adjustments=adjustments, as_of=as_of)


def reference_score(rubric: Rubric, tallies: Tallies, adjustments: Adjustments, *, as_of: int) -> float:
    """From what had happened by then, and no more."""
    rows = zip(tallies.signal.tolist(), tallies.day.tolist(), tallies.count.tolist(), strict=True)
    counts = {(signal, day): count for signal, day, count in rows if day <= as_of}
    points = zip(adjustments.day.tolist(), adjustments.millipoints.tolist(), strict=True)
    return score(rubric, counts, {day: Fraction(milli, 1000) for day, milli in points}, today=as_of)


@given(histories(), as_of_days)
def test_lines_sum_to_the_score_exactly(history: History, as_of: int) -> None:
    explanation = explained(*history, as_of=as_of)
    lines = sum((Decimal(str(line.faded_points)) for line in explanation.lines), Decimal())
    assert lines == Decimal(str(explanation.score))


@given(histories(), as_of_days)
def test_each_of_many_is_explained_as_if_alone(past: History, as_of: int) -> None:
    """Shown to fail by adding up lines of neighbours who did the same."""
    rubric, tallies, adjustments = past
    of_two = tallies.plus(replace(tallies, partner=tallies.partner + 1))
    by_hand = adjustments.plus(replace(adjustments, partner=adjustments.partner + 1))
    found = explain_each(rubric, PriceList(rubric), of_two, adjustments=by_hand, as_of=as_of, partners=3)
    alone = explained(*past, as_of=as_of)
    assert found == [alone, alone, explained(rubric, Tallies.of([]), NOTHING, as_of=as_of)]


@given(histories(), as_of_days)
def test_the_score_is_what_the_prose_says(history: History, as_of: int) -> None:
    wanted = reference_score(*history, as_of=as_of)
    assert explained(*history, as_of=as_of).score == pytest.approx(wanted, abs=6e-7)


@given(histories(), as_of_days, st.integers(0, 20))
def test_history_is_the_explained_score_of_each_day(past: History, first: int, days: int) -> None:
    rubric, tallies, adjustments = past
    prices = PriceList(rubric)
    each = history(rubric, prices, tallies, adjustments=adjustments, first=first, last=first + days)
    assert each == [(day, explained(*past, as_of=day).score) for day in range(first, first + days + 1)]


RUBRIC = Rubric.model_validate(
    {
        "name": "Test",
        "rules": [
            {"id": "late", "on": "b", "points": 4},
            {"id": "early", "on": "a", "points": 2, "at_most": {"times": 1, "per": "day"}},
            {"id": "never", "on": "c", "points": 9},
        ],
        "fade": {"window_days": 10},
        "floor": 1,
    }
)
LATE, EARLY, _ = (signal_of(rule).key for rule in RUBRIC.rules)
TALLIES = Tallies.of([(0, EARLY, 100, 3), (0, EARLY, 102, 1), (0, LATE, 105, 2)])


def test_a_line_for_each_rule_with_occurrences_in_rubric_order() -> None:
    explanation = explained(RUBRIC, TALLIES, NOTHING, as_of=111)
    assert explanation == Explanation(
        10.0, (Line("late", 2, 2, 8.0, 8.0, 105, 105), Line("early", 4, 2, 4.0, 2.0, 100, 102))
    )


def test_adjustments_have_a_line() -> None:
    adjustments = Adjustments.of([(0, 104, -500, 1), (0, 106, 1500, 2)])
    explanation = explained(RUBRIC, TALLIES, adjustments, as_of=106)
    assert explanation.lines[-1] == Line("adjustment", 3, 3, 1.0, 1.0, 104, 106)


@pytest.mark.parametrize(("as_of", "lift"), [(99, 1.0), (300, 1.0), (105, None)])
def test_the_floor_has_a_line_when_it_lifts(as_of: int, lift: float | None) -> None:
    floors = [line for line in explained(RUBRIC, TALLIES, NOTHING, as_of=as_of).lines if line.rule == "floor"]
    assert floors == ([] if lift is None else [Line("floor", 0, 0, lift, lift, None, None)])


def test_days_to_come_do_not_exist() -> None:
    adjustments = Adjustments.of([(0, 104, 500, 1)])
    assert [line.rule for line in explained(RUBRIC, TALLIES, adjustments, as_of=103).lines] == ["early"]


def test_nothing_happened_is_a_score_of_zero() -> None:
    rubric = Rubric.model_validate({"name": "Test", "rules": [{"id": "a", "on": "a", "points": 1}]})
    assert explained(rubric, Tallies.of([]), NOTHING, as_of=5) == Explanation(0.0, ())
    assert history(rubric, PriceList(rubric), Tallies.of([]), adjustments=NOTHING, first=5, last=4) == []


def test_a_line_as_a_document_has_dates() -> None:
    line = Line("a", 2, 1, 1.5, 0.75, day_number(date(2026, 3, 2)), day_number(date(2026, 3, 5)))
    assert line.document() == {
        "rule": "a",
        "occurrences": 2,
        "counted": 1,
        "points": 1.5,
        "faded_points": 0.75,
        "first_day": "2026-03-02",
        "last_day": "2026-03-05",
    }
    assert Line("floor", 0, 0, 1.0, 1.0).document()["first_day"] is None
