"""Tallies and adjustments add up."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.scoring.tally import Adjustments, DayPoints, Tallies

small = st.integers(-2, 2)
rows = st.lists(st.tuples(st.integers(0, 1), small, small, small), max_size=12)


def as_rows(tallies: Tallies) -> list[list[int]]:
    columns = (
        tallies.partner.tolist(),
        tallies.signal.tolist(),
        tallies.day.tolist(),
        tallies.count.tolist(),
    )
    return [list(row) for row in zip(*columns, strict=True)]


def test_equal_keys_are_summed_and_zeros_dropped() -> None:
    tallies = Tallies.of([(0, 7, 1, 2), (0, 7, 1, 3), (1, 7, 1, 1), (0, -7, 1, 1), (0, -7, 1, -1)])
    assert as_rows(tallies) == [[0, 7, 1, 5], [1, 7, 1, 1]]


@given(rows, rows)
def test_plus_is_the_same_as_all_at_once(
    some: list[tuple[int, int, int, int]], more: list[tuple[int, int, int, int]]
) -> None:
    assert as_rows(Tallies.of(some).plus(Tallies.of(more))) == as_rows(Tallies.of(more + some))


def test_what_is_taken_back_is_gone() -> None:
    tallies = Tallies.of([(0, 7, 1, 2)])
    assert len(tallies.plus(Tallies.of([(0, 7, 1, -2)]))) == 0


def test_until_leaves_out_later_days() -> None:
    assert as_rows(Tallies.of([(0, 7, 1, 2), (0, 7, 2, 3)]).until(1)) == [[0, 7, 1, 2]]


def test_adjustments_that_cancel_out_are_still_adjustments() -> None:
    adjustments = Adjustments.of([(0, 5, 2000, 1), (0, 5, -2000, 1)])
    assert (adjustments.millipoints.tolist(), adjustments.count.tolist()) == ([0], [2])
    assert len(adjustments.plus(Adjustments.of([(0, 5, 0, -2)]))) == 0


def test_adjustments_until_and_by_day() -> None:
    adjustments = Adjustments.of([(0, 5, 2000, 1), (0, 6, 500, 1)])
    assert adjustments.until(5).by_day().millipoints.tolist() == [2000]
    assert len(adjustments) == 2


def test_points_of_a_partner_and_day_are_summed() -> None:
    points = DayPoints(np.array([0, 0, 1]), np.array([3, 3, 3]), np.array([5, -5, 4]))
    summed = points.summed()
    assert (len(summed), summed.partner.tolist(), summed.millipoints.tolist()) == (1, [1], [4])
    assert points.plus(points.negated()).summed().day.tolist() == []
