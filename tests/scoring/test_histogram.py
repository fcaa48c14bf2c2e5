"""Histograms: equal round bins that hold every score, chosen without a second look."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.scoring.histogram import Bin, Histogram

scores = st.integers(-(10**12), 10**12).map(lambda micro: micro / 1e6) | st.integers(-50, 50).map(float)
pairs = st.lists(st.tuples(scores, scores), max_size=30)


def bins_of(*chunks: list[tuple[float, float]], marks: tuple[float, ...] = ()) -> tuple[Bin, ...]:
    histogram = Histogram(*marks)
    for chunk in chunks:
        before, after = np.array(chunk, dtype=np.float64).reshape(-1, 2).T
        histogram.add(before, after)
    return histogram.bins()


@given(pairs)
def test_20_to_40_bins_side_by_side(chunk: list[tuple[float, float]]) -> None:
    bins = bins_of(chunk)
    assert 20 <= len(bins) <= 40
    assert all(left.end == right.start for left, right in pairwise(bins))


@given(pairs)
def test_bins_are_equal_and_round(chunk: list[tuple[float, float]]) -> None:
    bins = bins_of(chunk)
    widths = {round(each.end * 1e6) - round(each.start * 1e6) for each in bins}
    assert len(widths) == 1
    assert str(widths.pop()).rstrip("0") in {"1", "2", "25", "5"}


@given(pairs)
def test_every_score_is_in_its_bin(chunk: list[tuple[float, float]]) -> None:
    bins = bins_of(chunk)
    for which, counts in enumerate(([each.before for each in bins], [each.after for each in bins])):
        wanted = Counter(each for pair in chunk for each in bins if each.start <= pair[which] < each.end)
        assert counts == [wanted[each] for each in bins]
        assert sum(counts) == len(chunk)


@given(pairs, pairs)
def test_chunks_are_irrelevant(one: list[tuple[float, float]], other: list[tuple[float, float]]) -> None:
    assert bins_of(one, other) == bins_of(other, one) == bins_of(one + other)


@pytest.mark.parametrize(
    ("marks", "width", "bins"), [((), 0.05, 21), ((25, 30), 1, 31), ((1000,), 50, 21), ((0.5,), 0.05, 21)]
)
def test_marks_are_covered_though_nobody_scores_them(
    marks: tuple[float, ...], width: float, bins: int
) -> None:
    found = bins_of(marks=marks)
    assert (found[0].start, found[0].end, len(found)) == (0.0, width, bins)


def test_cells_stay_few_however_many_scores_there_are() -> None:
    histogram = Histogram()
    some = np.round(np.random.default_rng(1).lognormal(2, 2, size=20_000), 6)
    histogram.add(some, some * 1000)
    assert len(histogram._before) + len(histogram._after) <= 8000


def test_a_bin_as_data() -> None:
    assert Bin(0.0, 5.0, 9000, 8100).document() == {"from": 0.0, "to": 5.0, "before": 9000, "after": 8100}
