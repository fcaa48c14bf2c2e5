"""What people do with a hand-off: give it back, put it off, write on it, close it; and look at the queue."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Connection

from app import store
from app.errors import FieldError, Invalid
from app.scoring.hours import due_at
from app.services.assigning import require_active
from app.services.handoff_view import Handoff, handoff_view
from app.services.moves import (
    ASSIGN,
    CLOSE,
    NOTE,
    RELEASE,
    SERVICE,
    SNOOZE,
    UNSNOOZE,
    Move,
    apply,
    hold,
    make,
    require,
    view_of,
)
from app.services.rescoring import hold_standings
from app.services.rulebook import Rulebook, hold_rulebook, rulebook
from app.store.handoff_lists import ClosedPlace, OpenPlace

LONGEST_SNOOZE = timedelta(days=3650)

Choice = Callable[[datetime, datetime], datetime]


def release(
    connection: Connection, program: str, handoff: str, *, by: str, reason: str | None, now: datetime
) -> Handoff:
    """Give a claimed hand-off back to the queue. Raises NotFound and HandoffState."""
    move = Move(RELEASE, by, reason, {"claimed_by": None})
    return make(connection, program, handoff, move, now=now)


def snooze(
    connection: Connection,
    program: str,
    handoff: str,
    *,
    by: str,
    until: datetime,
    reason: str | None,
    now: datetime,
) -> Handoff:
    """Put a hand-off off until then; its deadline moves along. Raises NotFound, HandoffState and Invalid."""
    if not now < until <= now + LONGEST_SNOOZE:
        error = FieldError("until", f"must be in the future, within {LONGEST_SNOOZE.days} days")
        raise Invalid("A hand-off cannot be put off to that time.", errors=[error])
    rules = hold_rulebook(connection, program)
    held = hold(connection, rules, handoff)
    row = require(connection, program, handoff)
    due = _deadline(rules, row, until, max)
    writes = {"claimed_by": None, "snoozed_until": until, "due_at": due}
    move = Move(SNOOZE, by, reason, writes, {"until": _said(until)})
    return apply(connection, rules, row, held, move, now=now)


def unsnooze(
    connection: Connection, program: str, handoff: str, *, by: str, reason: str | None, now: datetime
) -> Handoff:
    """Take a snoozed hand-off back into the queue before its time, and its deadline along.

    Raises NotFound and HandoffState.
    """
    rules = hold_rulebook(connection, program)
    held = hold(connection, rules, handoff)
    row = require(connection, program, handoff)
    due = _deadline(rules, row, now, min)
    move = Move(UNSNOOZE, by, reason, {"snoozed_until": None, "due_at": due})
    return apply(connection, rules, row, held, move, now=now)


def assign(
    connection: Connection,
    program: str,
    handoff: str,
    *,
    by: str,
    owner: str | None,
    reason: str | None,
    now: datetime,
) -> Handoff:
    """Say whose call it is; None is anybody's. Raises NotFound, HandoffState and Conflict."""
    if owner is not None:
        require_active(connection, program, owner)
    move = Move(ASSIGN, by, reason, {"owner": owner}, {"owner": owner})
    return make(connection, program, handoff, move, now=now)


def note(connection: Connection, program: str, handoff: str, *, by: str, text: str, now: datetime) -> Handoff:
    """Write a line into the history, which keeps a claim alive too. Raises NotFound and HandoffState."""
    return make(connection, program, handoff, Move(NOTE, by, details={"note": text}), now=now)


@dataclass(frozen=True)
class Closing:
    """What the human says about the call."""

    outcome: str
    reason: str | None = None
    value: float | None = None
    note: str | None = None

    def move(self, *, by: str, now: datetime) -> Move:
        """The move that closes a hand-off so."""
        said = {"outcome": self.outcome, "value": self.value, "note": self.note}
        writes = {**said, "reason": self.reason, "closed_at": now, "snoozed_until": None}
        details = {name: value for name, value in said.items() if value is not None}
        return Move(CLOSE, by, self.reason, writes, details)


def close(
    connection: Connection,
    program: str,
    handoff: str,
    closing: Closing,
    *,
    by: str | None,
    otherwise: str = "desk",
    now: datetime,
) -> Handoff:
    """Close a hand-off with an outcome, which decides when the partner is armed again.

    `by` None is whoever claimed it, or `otherwise` if nobody did. Raises NotFound and HandoffState.
    """
    signed = by or require(connection, program, handoff).claimed_by or otherwise
    return make(connection, program, handoff, closing.move(by=signed, now=now), now=now)


def withdraw(connection: Connection, rules: Rulebook, row: Any, *, reason: str, now: datetime) -> None:
    """Close a hand-off that no longer stands, on behalf of the service."""
    held = hold_standings(connection, rules, [row.partner])[row.partner]
    apply(connection, rules, row, held, Closing("withdrawn", reason).move(by=SERVICE, now=now), now=now)


def get_handoff(connection: Connection, program: str, handoff: str, *, now: datetime) -> Handoff:
    """One hand-off with its history. Raises NotFound."""
    return view_of(connection, rulebook(connection, program), handoff, now=now)


@dataclass(frozen=True)
class Wanted:
    """Which hand-offs a list shows; `state` None is all, first those that are not closed."""

    state: str | None = None
    equals: Mapping[str, str] = field(default_factory=dict)
    due_before: datetime | None = None


def list_handoffs(
    connection: Connection,
    program: str,
    wanted: Wanted,
    *,
    after: OpenPlace | ClosedPlace | None,
    limit: int,
    now: datetime,
) -> tuple[list[Handoff], OpenPlace | ClosedPlace | None]:
    """A page of hand-offs, and the place of its last row if more follow.

    By urgency: the better grade, the higher score now, the longer wait. Closed ones come last, the latest
    closed first.
    """
    rows = _page(connection, program, wanted, after, limit=limit + 1)
    shown = rows[:limit]
    rules = rulebook(connection, program)
    moves = store.handoffs.history(connection, [row.id for row in shown])
    views = [
        handoff_view(row, moves.get(row.id, []), score_now=rules.score_now(row.stored, now=now))
        for row in shown
    ]
    return views, _place(shown[-1]) if len(rows) > limit else None


def _page(
    connection: Connection,
    program: str,
    wanted: Wanted,
    after: OpenPlace | ClosedPlace | None,
    *,
    limit: int,
) -> Sequence[Any]:
    where = store.handoff_lists.narrowed(program, wanted.equals, due_before=wanted.due_before)
    rows: list[Any] = []
    if wanted.state != "closed" and not isinstance(after, ClosedPlace):
        rows += store.handoff_lists.unfinished(
            connection, where, state=wanted.state, after=after, limit=limit
        )
    if wanted.state in (None, "closed") and len(rows) < limit:
        closed_after = after if isinstance(after, ClosedPlace) else None
        rows += store.handoff_lists.closed(connection, where, after=closed_after, limit=limit - len(rows))
    return rows


def _place(row: Any) -> OpenPlace | ClosedPlace:
    if row.state == "closed":
        return ClosedPlace(row.closed_at, row.id)
    return OpenPlace(row.grade_rank, row.stored, row.crossed_at, row.id)


def _deadline(rules: Rulebook, row: Any, start: datetime, choose: Choice) -> datetime | None:
    """The hand-off's deadline or that of one opened at `start`, whichever is chosen; None if it has none."""
    terms, planned = rules.rubric.handoff, row.due_at
    if terms is None or planned is None:
        return cast("datetime | None", planned)
    return choose(planned, due_at(start, terms.due_hours, working=terms.hours, zone=rules.zone))


def _said(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")
