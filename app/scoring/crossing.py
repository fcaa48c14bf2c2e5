"""When a score becomes a hand-off, and when it may again: decisions only, about one partner."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.scoring.fit import grade_rank
from app.scoring.rubric import Gates, Rubric

_DEFAULT_REARM_DAYS = 30


@dataclass(frozen=True)
class Standing:
    """The armed flag as stored, whether a hand-off is open, and the day from which time re-arms."""

    armed: bool
    open_handoff: bool
    rearm_on: int | None


def armed_on(standing: Standing, today: int) -> bool:
    """Whether readers see the partner as armed today: re-arming by time needs no event."""
    waited = standing.rearm_on is not None and today >= standing.rearm_on
    return not standing.open_handoff and (standing.armed or waited)


def rearmed(rubric: Rubric, standing: Standing, *, score_before: float, today: int) -> bool:
    """Whether the partner is armed when an event arrives at a score of `score_before`."""
    fell = rubric.handoff is not None and score_before < rubric.handoff.rearm_below
    return armed_on(standing, today) or (fell and not standing.open_handoff)


def crosses(
    rubric: Rubric,
    *,
    armed: bool,
    score_after: float,
    grade: str | None,
    contacts: int,
    recent_types: Collection[str],
) -> bool:
    """Whether an event that adds points opens a hand-off.

    `contacts` and `recent_types` are counted over the days that the rubric's gates name.
    """
    handoff = rubric.handoff
    if handoff is None or not armed or score_after < handoff.at:
        return False
    return (
        _is_good_enough(rubric, handoff.gates, grade=grade)
        and contacts >= handoff.gates.min_contacts
        and (not handoff.gates.require_any or not set(recent_types).isdisjoint(handoff.gates.require_any))
    )


def rearm_day(rubric: Rubric, outcome: str, closed_day: int) -> int:
    """The day from which time alone re-arms a partner whose hand-off closed with this outcome."""
    if rubric.handoff is None:
        return closed_day + _DEFAULT_REARM_DAYS
    # Nobody was called for a hand-off that was withdrawn, so there is nothing to wait for.
    days = {"withdrawn": 0} | {str(name): wait for name, wait in rubric.handoff.rearm_after_days.items()}
    return closed_day + days.get(outcome, days["default"])


def is_fresh(rubric: Rubric, occurred_at: datetime, now: datetime) -> bool:
    """Whether an event is young enough to open a hand-off."""
    if rubric.handoff is None:
        return False
    return now - occurred_at <= timedelta(days=rubric.handoff.max_event_age_days)


def _is_good_enough(rubric: Rubric, gates: Gates, *, grade: str | None) -> bool:
    return gates.min_grade is None or grade_rank(rubric, grade) <= grade_rank(rubric, gates.min_grade)
