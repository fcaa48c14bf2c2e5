"""How scores are spread before and after: counted as they come, in bins that are chosen at the end."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np

from app.scoring.arrays import Floats, Ints
from app.scoring.fade import micropoints

_MOST_CELLS = 4000
_MOST_BINS = 40
# Each at most twice the one before, so that the first that makes 40 bins or fewer makes at least 20.
_ROUND = (10, 20, 25, 50)


@dataclass(frozen=True)
class Bin:
    """How many scores are at least `start` and less than `end`."""

    start: float
    end: float
    before: int
    after: int

    def document(self) -> dict[str, object]:
        """As JSON-able data."""
        return {"from": self.start, "to": self.end, "before": self.before, "after": self.after}


class Histogram:
    """Counts scores in cells, which are ten times as wide whenever there would be more than 4,000 of them."""

    def __init__(self, *marks: float) -> None:
        self._low = self._high = 0
        self._cell = 1
        self._before: Counter[int] = Counter()
        self._after: Counter[int] = Counter()
        self._reach(micropoints(np.array([0.0, 1.0, *marks])))

    def add(self, before: Floats, after: Floats) -> None:
        """Count the scores of more partners."""
        old, new = micropoints(before), micropoints(after)
        self._reach(old)
        self._reach(new)
        self._before.update(self._cells(old))
        self._after.update(self._cells(new))

    def bins(self) -> tuple[Bin, ...]:
        """20 to 40 bins of one round width, from the lowest score or mark to the highest, with 0 and 1."""
        width = self._width()
        before, after = _merged(self._before, width // self._cell), _merged(self._after, width // self._cell)
        return tuple(
            Bin(place * width / 1e6, (place + 1) * width / 1e6, before[place], after[place])
            for place in range(self._low // width, self._high // width + 1)
        )

    def _reach(self, scores: Ints) -> None:
        self._low = int(scores.min(initial=self._low))
        self._high = int(scores.max(initial=self._high))
        while self._high // self._cell - self._low // self._cell >= _MOST_CELLS:
            self._cell *= 10
            self._before, self._after = _merged(self._before, 10), _merged(self._after, 10)

    def _cells(self, scores: Ints) -> dict[int, int]:
        cells, counts = np.unique(scores // self._cell, return_counts=True)
        return dict(zip(cells.tolist(), counts.tolist(), strict=True))

    def _width(self) -> int:
        """In millionths; a multiple of the cell, because 40 such bins are many more than 40 cells."""
        return next(width for width in _widths() if self._high // width - self._low // width < _MOST_BINS)


def _widths() -> Iterator[int]:
    return (unit * 10**power for power in count() for unit in _ROUND)


def _merged(cells: Counter[int], times: int) -> Counter[int]:
    """So many neighbours put together."""
    merged: Counter[int] = Counter()
    for cell, number in cells.items():
        merged[cell // times] += number
    return merged
