"""How far partners get and how long it takes them: counts and ages, added up partner by partner."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate

CELL = timedelta(days=1) / 100
"""Ages are counted in hundredths of a day, rounded half up."""

Cells = Counter[int]
"""How many partners took so many hundredths of a day."""


@dataclass
class Step:
    """How many partners got this far, and how long after the step before and after the first.

    Takes a cell for each different age, so at most 36,500 for each year that an age spans.
    """

    since_previous: Cells = field(default_factory=Counter)
    since_first: Cells = field(default_factory=Counter)

    @property
    def count(self) -> int:
        """How many partners got this far."""
        return self.since_first.total()

    def add(self, at: datetime, *, previous: datetime, first: datetime) -> None:
        """Count a partner that got here."""
        self.since_previous[_cell(at - previous)] += 1
        self.since_first[_cell(at - first)] += 1


class Funnel:
    """Steps that follow each other, and the outcomes at their end, of which a partner may have several."""

    def __init__(self, steps: int, outcomes: Sequence[str]) -> None:
        self.steps = [Step() for _ in range(steps)]
        self.outcomes = {outcome: Step() for outcome in outcomes}

    def add(self, times: Sequence[datetime | None], outcomes: Mapping[str, datetime]) -> None:
        """Count a partner, given when it made each step, the first of which it made for certain.

        Outcomes are for partners that made the last step.
        """
        reached = reached_at(times)
        first, last = reached[0], reached[-1]
        for step, at, previous in zip(self.steps, reached, [first, *reached], strict=False):
            step.add(at, previous=previous, first=first)
        for outcome, at in outcomes.items():
            self.outcomes[outcome].add(max(at, last), previous=last, first=first)


def reached_at(times: Sequence[datetime | None]) -> list[datetime]:
    """When each step was reached, as far as the partner came.

    Whoever is at a later step has passed the earlier ones, at the latest then; none comes before the first.
    """
    first = times[0]
    if first is None:
        raise ValueError("the first step is what makes a partner count")
    reached: list[datetime] = []
    for at in reversed(times):
        known = [each for each in (at, *reached[-1:]) if each is not None]
        if known:
            reached.append(max(min(known), first))
    return reached[::-1]


def percentile(cells: Cells, percent: int) -> float:
    """The age in days that so many percent do not exceed, of at least one (nearest rank)."""
    rank = -(-cells.total() * percent // 100)
    ages = sorted(cells)
    passed = accumulate(cells[age] for age in ages)
    return next(age for age, number in zip(ages, passed, strict=True) if number >= rank) / 100


def _cell(age: timedelta) -> int:
    return (age + CELL / 2) // CELL
