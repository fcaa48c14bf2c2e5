"""How often each signal happened, per partner and day, and what people adjusted by hand."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np

from app.scoring.arrays import Flags, Ints, columns, summed


@dataclass(frozen=True, eq=False)
class DayPoints:
    """Millipoints of partners (a caller's row numbers from 0) on days."""

    partner: Ints
    day: Ints
    millipoints: Ints

    def __len__(self) -> int:
        return len(self.partner)

    def plus(self, other: "DayPoints") -> "DayPoints":
        """The rows of both."""
        return DayPoints(
            np.concatenate([self.partner, other.partner]),
            np.concatenate([self.day, other.day]),
            np.concatenate([self.millipoints, other.millipoints]),
        )

    def negated(self) -> "DayPoints":
        """The same points taken away."""
        return DayPoints(self.partner, self.day, -self.millipoints)

    def summed(self) -> "DayPoints":
        """One row for each partner and day, without those that come to nothing."""
        return DayPoints(*summed([self.partner, self.day], [self.millipoints]))


@dataclass(frozen=True, eq=False)
class Tallies:
    """Counts per partner (a caller's row number from 0), signal key and day; each key once, in any order."""

    partner: Ints
    signal: Ints
    day: Ints
    count: Ints

    def __len__(self) -> int:
        return len(self.partner)

    @classmethod
    def of(cls, rows: Iterable[tuple[int, int, int, int]]) -> Self:
        """From rows of (partner, signal, day, count); equal keys are added up."""
        *keys, count = columns(list(rows), 4)
        return cls(*summed(keys, [count]))

    def plus(self, other: "Tallies") -> "Tallies":
        """Both together; what comes to zero is gone."""
        keys = [
            np.concatenate([self.partner, other.partner]),
            np.concatenate([self.signal, other.signal]),
            np.concatenate([self.day, other.day]),
        ]
        return Tallies(*summed(keys, [np.concatenate([self.count, other.count])]))

    def until(self, day: int) -> "Tallies":
        """Without the days after `day`."""
        return self._where(self.day <= day)

    def of_partner(self, partner: int) -> "Tallies":
        """One partner's alone, as row 0."""
        found = self._where(self.partner == partner)
        return Tallies(np.zeros_like(found.partner), found.signal, found.day, found.count)

    def _where(self, kept: Flags) -> "Tallies":
        return Tallies(self.partner[kept], self.signal[kept], self.day[kept], self.count[kept])


@dataclass(frozen=True, eq=False)
class Adjustments:
    """Millipoints that people added or took, per partner and day, and by how many adjustments."""

    partner: Ints
    day: Ints
    millipoints: Ints
    count: Ints

    def __len__(self) -> int:
        return len(self.partner)

    @classmethod
    def of(cls, rows: Iterable[tuple[int, int, int, int]]) -> Self:
        """From rows of (partner, day, millipoints, count); equal partners and days are added up."""
        partner, day, millipoints, count = columns(list(rows), 4)
        return cls(*summed([partner, day], [millipoints, count]))

    def plus(self, other: "Adjustments") -> "Adjustments":
        """Both together; what comes to zero in points and count is gone."""
        keys = [np.concatenate([self.partner, other.partner]), np.concatenate([self.day, other.day])]
        points = np.concatenate([self.millipoints, other.millipoints])
        return Adjustments(*summed(keys, [points, np.concatenate([self.count, other.count])]))

    def until(self, day: int) -> "Adjustments":
        """Without the days after `day`."""
        return self._where(self.day <= day)

    def of_partner(self, partner: int) -> "Adjustments":
        """One partner's alone, as row 0."""
        found = self._where(self.partner == partner)
        return Adjustments(np.zeros_like(found.partner), found.day, found.millipoints, found.count)

    def _where(self, kept: Flags) -> "Adjustments":
        return Adjustments(self.partner[kept], self.day[kept], self.millipoints[kept], self.count[kept])

    def by_day(self) -> DayPoints:
        """Their points alone."""
        return DayPoints(self.partner, self.day, self.millipoints)
