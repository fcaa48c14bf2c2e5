"""Funnels: whoever is at a later step has passed the earlier ones; ages are exact to a hundredth of a day."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.scoring.funnel import Funnel, percentile, reached_at

START = datetime(2026, 3, 1, tzinfo=UTC)


def day(number: float) -> datetime:
    return START + timedelta(days=number)


@pytest.mark.parametrize(
    ("times", "reached"),
    [
        ([0], [0]),
        ([0, 1, 2], [0, 1, 2]),
        ([0, None, 2], [0, 2, 2]),
        ([0, 1, None, None], [0, 1]),
        ([0, 5, 2], [0, 2, 2]),
        ([0, -3, 2], [0, 0, 2]),
        ([0, None, None], [0]),
    ],
)
def test_reached(times: list[float | None], reached: list[float]) -> None:
    found = reached_at([None if each is None else day(each) for each in times])
    assert found == [day(each) for each in reached]


def test_without_a_first_step_there_is_no_partner() -> None:
    with pytest.raises(ValueError, match="first step"):
        reached_at([None, START])


@given(st.lists(st.integers(0, 500), min_size=1), st.sampled_from([1, 50, 90, 100]))
def test_percentile_is_the_nearest_rank(ages: list[int], percent: int) -> None:
    assert percentile(Counter(ages), percent) == sorted(ages)[ceil(len(ages) * percent / 100) - 1] / 100


def test_ages_of_steps_and_outcomes() -> None:
    funnel = Funnel(3, ["converted", "rejected"])
    funnel.add([day(0), day(1), day(3)], {"rejected": day(3), "converted": day(7.5)})
    funnel.add([day(0), day(2), None], {})
    assert [step.count for step in funnel.steps] == [2, 2, 1]
    assert funnel.steps[1].since_previous == {100: 1, 200: 1}
    assert funnel.steps[2].since_first == {300: 1}
    assert funnel.outcomes["rejected"].since_previous == {0: 1}
    assert funnel.outcomes["converted"].since_previous == {450: 1}
    assert funnel.outcomes["converted"].since_first == {750: 1}


@pytest.mark.parametrize(("minutes", "cell"), [(0, 0), (7, 0), (7.2, 1), (14.4, 1), (21.5, 1), (21.6, 2)])
def test_ages_are_rounded_half_up(minutes: float, cell: int) -> None:
    funnel = Funnel(2, [])
    funnel.add([START, START + timedelta(minutes=minutes)], {})
    assert funnel.steps[1].since_first == {cell: 1}


times = st.lists(st.none() | st.integers(-10, 400), min_size=3, max_size=3)


@given(st.lists(times))
def test_nobody_gets_further_than_before(partners: list[list[int | None]]) -> None:
    funnel = Funnel(4, ["converted"])
    for each in partners:
        funnel.add([START, *(None if at is None else day(at / 7) for at in each)], {})
    counts = [step.count for step in funnel.steps]
    assert counts == sorted(counts, reverse=True)
