"""Closed hand-offs once more under another rubric: which of them would there have been, and when.

It goes by days, not by events: the points of a day come together, and the score before them is that of the
day before. Of the gates it looks at the grade alone, as it is now; how many contacts and which types of event
there were it ignores. Partners that were never handed off have no outcome, and so no part in this.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from app.scoring.crossing import Standing, crosses, rearm_day, rearmed
from app.scoring.days import FIRST_DAY
from app.scoring.explain import history
from app.scoring.price import PriceList
from app.scoring.rubric import Gates, Rubric
from app.scoring.tally import Adjustments, Tallies

OUTCOMES = ("converted", "accepted", "rejected", "unreachable", "withdrawn")


@dataclass(frozen=True)
class Closed:
    """A hand-off as it really was; days are day numbers."""

    opened_day: int
    closed_day: int
    outcome: str


@dataclass(frozen=True)
class Replayed:
    """A hand-off and the day on which it would have been opened, if at all."""

    handoff: Closed
    opened_day: int | None

    @property
    def days_earlier(self) -> int | None:
        """Less than 0: later than it really was."""
        return None if self.opened_day is None else self.handoff.opened_day - self.opened_day


@dataclass(frozen=True)
class ReplayedOutcome:
    """Of the hand-offs with one outcome, how many there would have been and how much earlier (median)."""

    outcome: str
    closed: int
    handed_off: int
    days_earlier: float | None


@dataclass(frozen=True)
class ReplayedOutcomes:
    """What hand-offs came to, and the share that converted of those for which somebody was called."""

    outcomes: tuple[ReplayedOutcome, ...]
    precision_before: float | None
    precision_after: float | None

    def document(self) -> dict[str, object]:
        """As JSON-able data."""
        return {
            "outcomes": [
                {
                    "outcome": each.outcome,
                    "closed": each.closed,
                    "handed_off": each.handed_off,
                    "days_earlier": each.days_earlier,
                }
                for each in self.outcomes
            ],
            "precision": {"before": self.precision_before, "after": self.precision_after},
        }


def replay(
    rubric: Rubric,
    prices: PriceList,
    closed: Sequence[Closed],
    *,
    tallies: Tallies,
    adjustments: Adjustments,
    grade: str | None,
    first: int,
    last: int,
) -> list[Replayed]:
    """One partner's closed hand-offs between two days, in their order, and when each would have been opened.

    A hand-off may be opened from the day on which the one before it was closed (at first from `first`) until
    the day before the one after it was opened (at last until `last`). It needs points on its day, and a
    partner that is armed: at first it is, later as the rubric says.
    """
    scores = history(rubric, prices, tallies, adjustments=adjustments, first=first - 1, last=last)
    points = prices.price(tallies).by_day().plus(adjustments.by_day())
    gained = set(points.day[points.millipoints > 0].tolist())
    days = [_Day(day, before, after) for (_, before), (day, after) in pairwise(scores) if day in gained]
    starts = [None, *closed[:-1]]
    ends = [*(each.opened_day - 1 for each in closed[1:]), last]
    return [
        Replayed(handoff, _first_crossing(rubric, days, previous, grade=grade, last=end))
        for handoff, previous, end in zip(closed, starts, ends, strict=False)
    ]


def summary(replayed: Iterable[Replayed]) -> ReplayedOutcomes:
    """What many hand-offs come to; outcomes that none of them had are there, too."""
    every = list(replayed)
    outcomes = tuple(
        _outcome(name, [one for one in every if one.handoff.outcome == name]) for name in OUTCOMES
    )
    return ReplayedOutcomes(
        outcomes,
        _precision({each.outcome: each.closed for each in outcomes}),
        _precision({each.outcome: each.handed_off for each in outcomes}),
    )


@dataclass(frozen=True)
class _Day:
    """A day on which points came, and the scores before and after."""

    day: int
    before: float
    after: float


def _first_crossing(
    rubric: Rubric, days: Sequence[_Day], previous: Closed | None, *, grade: str | None, last: int
) -> int | None:
    standing, start = _standing_after(rubric, previous)
    gates = rubric.handoff.gates if rubric.handoff else Gates()
    for each in days:
        if not start <= each.day <= last:
            continue
        standing = replace(
            standing, armed=rearmed(rubric, standing, score_before=each.before, today=each.day)
        )
        if crosses(
            rubric,
            armed=standing.armed,
            score_after=each.after,
            grade=grade,
            contacts=gates.min_contacts,
            recent_types=gates.require_any,
        ):
            return each.day
    return None


def _standing_after(rubric: Rubric, previous: Closed | None) -> tuple[Standing, int]:
    """How the partner stands after a hand-off, and from which day there can be another."""
    if previous is None:
        return Standing(armed=True, open_handoff=False, rearm_on=None), FIRST_DAY
    rearm_on = rearm_day(rubric, previous.outcome, previous.closed_day)
    return Standing(armed=False, open_handoff=False, rearm_on=rearm_on), previous.closed_day


def _outcome(name: str, replayed: Sequence[Replayed]) -> ReplayedOutcome:
    earlier = [each.days_earlier for each in replayed if each.days_earlier is not None]
    return ReplayedOutcome(name, len(replayed), len(earlier), median(earlier) if earlier else None)


def _precision(times: Mapping[str, int]) -> float | None:
    """Nobody was called for hand-offs that were withdrawn."""
    called = sum(number for outcome, number in times.items() if outcome != "withdrawn")
    return times["converted"] / called if called else None
