"""Why a partner has its score, and how it came to it over time."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, pairwise

import numpy as np

from app.scoring.arrays import Floats, changes
from app.scoring.days import date_of
from app.scoring.fade import landmarked, micropoints, settled, weight
from app.scoring.price import Grants, PriceList
from app.scoring.rubric import Rubric
from app.scoring.tally import Adjustments, DayPoints, Tallies

ADJUSTMENT = "adjustment"
FLOOR = "floor"
_DAYS_AT_ONCE = 128


@dataclass(frozen=True)
class Line:
    """What a rule did: occurrences, those that counted, granted and faded points, first and last day."""

    rule: str
    occurrences: int
    counted: int
    points: float
    faded_points: float
    first_day: int | None = None
    last_day: int | None = None

    def document(self) -> dict[str, object]:
        """As JSON-able data, with dates."""
        first, last = self.first_day, self.last_day
        return {
            "rule": self.rule,
            "occurrences": self.occurrences,
            "counted": self.counted,
            "points": self.points,
            "faded_points": self.faded_points,
            "first_day": None if first is None else date_of(first).isoformat(),
            "last_day": None if last is None else date_of(last).isoformat(),
        }


@dataclass(frozen=True)
class Explanation:
    """A score and its lines, whose faded points sum to it exactly, as decimals."""

    score: float
    lines: tuple[Line, ...]


def explain(
    rubric: Rubric, prices: PriceList, tallies: Tallies, *, adjustments: Adjustments, as_of: int
) -> Explanation:
    """One partner's score on a day, from all its tallies and adjustments; rules come in rubric order."""
    (only,) = explain_each(rubric, prices, tallies, adjustments=adjustments, as_of=as_of, partners=1)
    return only


def explain_each(
    rubric: Rubric,
    prices: PriceList,
    tallies: Tallies,
    *,
    adjustments: Adjustments,
    as_of: int,
    partners: int,
) -> list[Explanation]:
    """`explain` for so many partners, in their order; priced together, which costs little more than one."""
    grants, adjusted = prices.price(tallies.until(as_of)), adjustments.until(as_of)
    drafts: list[list[Line]] = [[] for _ in range(partners)]
    for partner, line in chain(
        _rule_lines(rubric, grants, as_of=as_of), _adjustment_lines(rubric, adjusted, as_of=as_of)
    ):
        drafts[partner].append(line)
    return [_explanation(rubric, each) for each in drafts]


def _explanation(rubric: Rubric, drafts: list[Line]) -> Explanation:
    """The lines to 6 decimals, by rounding their running sum, so that they still sum to the rounded whole."""
    sums = micropoints(np.cumsum([0.0, *(line.faded_points for line in drafts)])).tolist()
    lines = [
        replace(line, faded_points=(upto - before) / 1e6)
        for line, (before, upto) in zip(drafts, pairwise(sums), strict=True)
    ]
    score = sums[-1] / 1e6
    if rubric.floor is not None and score < rubric.floor:
        lift = round(rubric.floor * 1e6) - sums[-1]
        lines.append(Line(FLOOR, 0, counted=0, points=lift / 1e6, faded_points=lift / 1e6))
        score = float(rubric.floor)
    return Explanation(score, tuple(lines))


def history(
    rubric: Rubric, prices: PriceList, tallies: Tallies, *, adjustments: Adjustments, first: int, last: int
) -> list[tuple[int, float]]:
    """One partner's score on every day from `first` to `last`, both included."""
    points = prices.price(tallies).by_day().plus(adjustments.by_day())
    days = np.arange(first, last + 1)
    blocks = [days[start : start + _DAYS_AT_ONCE] for start in range(0, len(days), _DAYS_AT_ONCE)]
    weights = (weight(rubric.fade, points.day, block[:, None]) for block in blocks)
    faded = [block @ points.millipoints / 1000 for block in weights]
    scores = settled(rubric, np.concatenate([*faded, np.zeros(0)]))
    return list(zip(days.tolist(), scores.tolist(), strict=True))


def scores(
    rubric: Rubric,
    prices: PriceList,
    tallies: Tallies,
    *,
    adjustments: Adjustments,
    landmark: int,
    today: int,
    partners: int,
) -> Floats:
    """The landmarked points to store for each of many partners, from all their tallies and adjustments."""
    points = prices.price(tallies).by_day().plus(adjustments.by_day())
    return landmarked(rubric.fade, points, landmark=landmark, today=today, partners=partners)


def _rule_lines(rubric: Rubric, grants: Grants, *, as_of: int) -> Iterator[tuple[int, Line]]:
    """For each partner a line for each rule that has occurrences, its faded points not yet rounded."""
    starts = np.flatnonzero(changes(grants.partner, grants.rule))
    if not len(starts):
        return
    ends = np.append(starts[1:], len(grants.rule)) - 1
    faded = _faded(rubric, grants.by_day(), as_of=as_of)
    summed = (grants.occurrences, grants.counted, grants.millipoints, faded)
    columns = [
        *(each[starts] for each in (grants.partner, grants.rule, grants.day)),
        grants.day[ends],
        *(np.add.reduceat(each, starts) for each in summed),
    ]
    for partner, rule, first, last, times, counted, points, weighed in zip(
        *(each.tolist() for each in columns), strict=True
    ):
        yield partner, Line(rubric.rules[rule].id, times, counted, points / 1000, weighed, first, last)


def _adjustment_lines(rubric: Rubric, adjusted: Adjustments, *, as_of: int) -> Iterator[tuple[int, Line]]:
    for partner in np.unique(adjusted.partner).tolist():
        own = adjusted.of_partner(partner)
        times = int(own.count.sum())
        yield (
            partner,
            Line(
                ADJUSTMENT,
                times,
                counted=times,
                points=int(own.millipoints.sum()) / 1000,
                faded_points=float(_faded(rubric, own.by_day(), as_of=as_of).sum()),
                first_day=int(own.day.min()),
                last_day=int(own.day.max()),
            ),
        )


def _faded(rubric: Rubric, points: DayPoints, *, as_of: int) -> Floats:
    return points.millipoints * weight(rubric.fade, points.day, as_of) / 1000
