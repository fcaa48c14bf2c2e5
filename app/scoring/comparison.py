"""Compares two rubrics over a whole population, which comes in chunks and is not kept."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from heapq import nsmallest

import numpy as np

from app.scoring.arrays import Floats, Ints
from app.scoring.fade import micropoints
from app.scoring.histogram import Histogram
from app.scoring.preview import Chunk, Compared, Passage, Passing, Preview, Share
from app.scoring.rubric import Rubric

MOST_ITEMS = 100
MOST_MOVERS = 20


class Comparison:
    """Counts what changes from one rubric to another; keeps counts and the first items only."""

    def __init__(self, before: Rubric, after: Rubric) -> None:
        self._rubrics = before, after
        self._at = _threshold(before), _threshold(after)
        self._histogram = Histogram(*(at for at in self._at if at != np.inf))
        self._partners = 0
        self._bands = _Bands(before), _Bands(after)
        self._grades: tuple[Counter[str | None], Counter[str | None]] = Counter(), Counter()
        self._entering = _Foremost(MOST_ITEMS, lambda item: -item.after)
        self._leaving = _Foremost(MOST_ITEMS, lambda item: -item.before)
        self._movers = _Foremost(MOST_MOVERS, lambda item: -abs(round(item.after - item.before, 6)))

    def add(self, chunk: Chunk) -> Passing:
        """Count more partners; returns all of them that pass the threshold, in the order of the chunk."""
        self._partners += len(chunk.partners)
        self._histogram.add(chunk.before, chunk.after)
        self._bands[0].add(chunk.before)
        self._bands[1].add(chunk.after)
        self._grades[0].update(chunk.grades_before)
        self._grades[1].update(chunk.grades_after)
        self._movers.offer(chunk.at(_far(chunk, MOST_MOVERS)))
        called, would_be = chunk.before >= self._at[0], chunk.after >= self._at[1]
        return Passing(
            entering=self._entering.offer(chunk.at(np.flatnonzero(would_be & ~called))),
            leaving=self._leaving.offer(chunk.at(np.flatnonzero(called & ~would_be))),
        )

    def result(self) -> Preview:
        """What all partners together come to."""
        old, new = self._rubrics
        bands, grades = _ascending(old.bands, new.bands), _ascending(old.fit.grades, new.fit.grades)
        return Preview(
            partners=self._partners,
            bands=_shares([None, *bands], self._bands[0].counts(), self._bands[1].counts()),
            grades=_shares([*reversed(grades), None], *self._grades),
            histogram=self._histogram.bins(),
            entering=self._entering.passage(),
            leaving=self._leaving.passage(),
            movers=self._movers.passage().items,
        )


class _Bands:
    """How many scores are in each band of a rubric."""

    def __init__(self, rubric: Rubric) -> None:
        self._names = [None, *_ascending(rubric.bands)]
        self._begin = np.array(sorted(rubric.bands.values()), dtype=np.float64)
        self._counts = np.zeros(len(self._names), dtype=np.int64)

    def add(self, scores: Floats) -> None:
        band = np.searchsorted(self._begin, scores, side="right")
        self._counts += np.bincount(band, minlength=len(self._names))

    def counts(self) -> Mapping[str | None, int]:
        return dict(zip(self._names, self._counts.tolist(), strict=True))


class _Foremost:
    """How many items there were, and so many of them: those first by a key, then by id."""

    def __init__(self, most: int, key: Callable[[Compared], float]) -> None:
        self._most = most
        self._key = key
        self._count = 0
        self._items: list[Compared] = []

    def offer(self, items: Sequence[Compared]) -> Passage:
        """Take notice of all of these."""
        self._count += len(items)
        self._items = nsmallest(
            self._most, [*self._items, *items], key=lambda item: (self._key(item), item.partner)
        )
        return Passage(len(items), tuple(items))

    def passage(self) -> Passage:
        return Passage(self._count, tuple(self._items))


def _threshold(rubric: Rubric) -> float:
    return rubric.handoff.at if rubric.handoff else np.inf


def _far(chunk: Chunk, most: int) -> Ints:
    """The rows whose scores change most: so many, and all that tie with the last of them."""
    change = np.abs(micropoints(chunk.after) - micropoints(chunk.before))
    least = np.partition(change, -most)[-most] if len(change) > most else 0
    return np.flatnonzero(change >= max(least, 1))


def _ascending(*levels: Mapping[str, float]) -> list[str]:
    """Every name, by its level in the last mapping that has it."""
    merged = {name: level for each in levels for name, level in each.items()}
    return sorted(merged, key=lambda name: (merged[name], name))


def _shares(
    names: Sequence[str | None], before: Mapping[str | None, int], after: Mapping[str | None, int]
) -> tuple[Share, ...]:
    return tuple(Share(name, before.get(name, 0), after.get(name, 0)) for name in names)
