"""The scoring rules once more, straight from their prose and as slowly as they read: loops over days."""

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from app.scoring.rubric import HalfLife, Rubric, Window
from app.scoring.signal import signal_of

Counts = Mapping[tuple[int, int], int]
"""Of one partner: how often each signal (by key) happened on each day."""


@dataclass(frozen=True)
class Granted:
    """What one rule got for one day."""

    occurrences: int
    counted: int
    points: Fraction


def period(day: int, per: str) -> Hashable:
    """Something that days of the same calendar period share."""
    then = date(1970, 1, 1) + timedelta(days=day)
    return {
        "day": then,
        "week": then.isocalendar()[:2],
        "month": (then.year, then.month),
        "quarter": (then.year, (then.month - 1) // 3),
        "year": then.year,
        "ever": "ever",
    }[per]


def granted(rubric: Rubric, counts: Counts) -> dict[tuple[str, int], Granted]:
    """What each rule got for each day, day by day and within a day in rule order."""
    times_used: Counter[Hashable] = Counter()
    points_used: dict[Hashable, Fraction] = {}
    grants = {}
    for day in sorted({day for _, day in counts}):
        for rule in rubric.rules:
            happened = counts.get((signal_of(rule).key, day), 0)
            if not happened:
                continue
            counted = happened
            if rule.at_most:
                key = (rule.id, period(day, rule.at_most.per))
                counted = min(happened, rule.at_most.times - times_used[key])
                times_used[key] += counted
            points = counted * Fraction(str(rule.points))
            if rule.group and points > 0:
                cap = rubric.groups[rule.group].at_most
                shared = (rule.group, period(day, cap.per))
                points = min(points, Fraction(str(cap.points)) - points_used.get(shared, Fraction()))
                points_used[shared] = points_used.get(shared, Fraction()) + points
            grants[rule.id, day] = Granted(happened, counted, points)
    return grants


def weight(rubric: Rubric, day: int, today: int) -> float:
    """What points of a day weigh today."""
    age = today - day
    if age < 0:
        return 0.0
    if isinstance(rubric.fade, HalfLife):
        return float(2 ** (-age / rubric.fade.half_life_days))
    if isinstance(rubric.fade, Window):
        return 1.0 if age < rubric.fade.window_days else 0.0
    return 1.0


def score(rubric: Rubric, counts: Counts, adjustments: Mapping[int, Fraction], *, today: int) -> float:
    """The score before rounding, not below the floor; adjustments are points by day."""
    earned = sum(
        float(grant.points) * weight(rubric, day, today)
        for (_, day), grant in granted(rubric, counts).items()
    )
    adjusted = sum(float(points) * weight(rubric, day, today) for day, points in adjustments.items())
    total = earned + adjusted
    return total if rubric.floor is None else max(total, rubric.floor)
