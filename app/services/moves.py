"""One move of a hand-off: what it needs, what it writes, its line of history and its message."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from app import store
from app.errors import HandoffState, NotFound
from app.scoring.crossing import rearm_day
from app.services.announcing import Message, MessageType
from app.services.handoff_view import Handoff, handoff_view
from app.services.publishing import publish
from app.services.rescoring import hold_standings
from app.services.rulebook import Rulebook, hold_rulebook
from app.store.standings import Standing

SERVICE = "handraiser"
"""Who did it, where no person did."""

UNFINISHED = frozenset({"waiting", "open", "claimed", "snoozed"})


@dataclass(frozen=True)
class Kind:
    """What a move is: the states it may start from, the one it leads to (None: it stays), what it tells."""

    name: str
    allowed: frozenset[str]
    state: str | None = None
    message: MessageType | None = None


WAIT = Kind("wait", frozenset(), "waiting")
OPEN = Kind("open", frozenset({"waiting"}), "open", "handoff.opened")
CLAIM = Kind("claim", frozenset({"open"}), "claimed", "handoff.claimed")
RELEASE = Kind("release", frozenset({"claimed"}), "open", "handoff.released")
SNOOZE = Kind("snooze", frozenset({"open", "claimed"}), "snoozed", "handoff.snoozed")
UNSNOOZE = Kind("unsnooze", frozenset({"snoozed"}), "open", "handoff.unsnoozed")
ASSIGN = Kind("assign", UNFINISHED, message="handoff.assigned")
OVERDUE = Kind("overdue", frozenset({"open", "claimed"}), message="handoff.overdue")
NOTE = Kind("note", UNFINISHED)
MERGE = Kind("merge", UNFINISHED)
CLOSE = Kind("close", UNFINISHED, "closed", "handoff.closed")
KINDS = (WAIT, OPEN, CLAIM, RELEASE, SNOOZE, UNSNOOZE, ASSIGN, OVERDUE, NOTE, MERGE, CLOSE)


@dataclass(frozen=True)
class Move:
    """A move by somebody; `writes` are columns of the hand-off, `details` go into its history."""

    kind: Kind
    by: str
    reason: str | None = None
    writes: Mapping[str, Any] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)


def make(connection: Connection, program: str, handoff: str, move: Move, *, now: datetime) -> Handoff:
    """Make a move. Raises NotFound, and HandoffState if the hand-off is not in a state for it."""
    rules = hold_rulebook(connection, program)
    held = hold(connection, rules, handoff)
    return apply(connection, rules, require(connection, program, handoff), held, move, now=now)


def hold(connection: Connection, rules: Rulebook, handoff: str) -> Standing:
    """The standing of the hand-off's partner, held. Raises NotFound.

    Every change of a hand-off holds it, so what is read of the hand-off after this stays true.
    """
    partner = require(connection, rules.program, handoff).partner
    return hold_standings(connection, rules, [partner])[partner]


def require(connection: Connection, program: str, handoff: str) -> Any:
    """The hand-off's row. Raises NotFound."""
    row = store.handoffs.get(connection, program, handoff)
    if row is None:
        raise NotFound(f"There is no hand-off {handoff!r} in this program.")
    return row


def apply(
    connection: Connection, rules: Rulebook, row: Any, held: Standing, move: Move, *, now: datetime
) -> Handoff:
    """Make a move of a hand-off whose partner's standing is held. Raises HandoffState."""
    kind = move.kind
    if row.state not in kind.allowed:
        raise HandoffState(
            f"The hand-off is {row.state}{f' by {row.claimed_by}' if row.state == 'claimed' else ''}; "
            f"{kind.name} needs it to be {' or '.join(sorted(kind.allowed))}."
        )
    state = kind.state or row.state
    writes = {**move.writes, "state": state}
    if move.by != SERVICE:
        writes["touched_at"] = now
    after = {**row._mapping, **writes}
    store.handoffs.change(connection, row.id, {**writes, "alarm_at": alarm_of(rules, after)})
    store.handoffs.add_moves(
        connection, rules.program, [line(connection, row.id, move, state=state, now=now)]
    )
    view = view_of(connection, rules, row.id, now=now)
    # Of one that waits nobody is told anything but that it opens.
    told = None if row.state == "waiting" and kind is not OPEN else kind.message
    messages = [Message(told, view.model_dump(mode="json"), partner=row.partner)] if told else []
    new = _closed(rules, held, after, now=now) if state == "closed" else held
    publish(connection, rules, {row.partner: held}, [new], messages, now=now)
    return view


def line(connection: Connection, handoff: str, move: Move, *, state: str, now: datetime) -> dict[str, Any]:
    """The next line of a hand-off's history, as a row."""
    return {
        "handoff": handoff,
        "n": store.handoffs.count_moves(connection, handoff) + 1,
        "at": now,
        "by": move.by,
        "move": move.kind.name,
        "state": state,
        "reason": move.reason,
        "details": dict(move.details) or None,
    }


def view_of(connection: Connection, rules: Rulebook, handoff: str, *, now: datetime) -> Handoff:
    """One hand-off with its history. Raises NotFound."""
    row = require(connection, rules.program, handoff)
    moves = store.handoffs.history(connection, [handoff]).get(handoff, [])
    return handoff_view(row, moves, score_now=rules.score_now(row.stored, now=now))


def alarm_of(rules: Rulebook, row: Mapping[str, Any]) -> datetime | None:
    """When the service has to look at a hand-off by itself: to wake it, to release it, to call it overdue."""
    alarms = []
    if row["state"] == "snoozed":
        alarms.append(row["snoozed_until"])
    if row["state"] in OVERDUE.allowed and row["overdue_at"] is None:
        alarms.append(row["due_at"])
    if row["state"] == "claimed":
        alarms.append(released_at(rules, row))
    return min((alarm for alarm in alarms if alarm is not None), default=None)


def released_at(rules: Rulebook, row: Mapping[str, Any]) -> datetime | None:
    """When a claimed hand-off goes back to the queue unless somebody touches it; None is never."""
    terms = rules.rubric.handoff
    if terms is None or terms.release_after_hours is None or row["touched_at"] is None:
        return None
    touched: datetime = row["touched_at"]
    return touched + timedelta(hours=terms.release_after_hours)


def _closed(rules: Rulebook, held: Standing, row: Mapping[str, Any], *, now: datetime) -> Standing:
    today = rules.day_of(now)
    # The call may have been made, and its outcome imported, days before today.
    day = rearm_day(rules.rubric, row["outcome"] or "default", rules.day_of(row["closed_at"] or now))
    if day <= today:
        return held._replace(open_handoff=None, armed=True, rearm_on=None)
    return held._replace(open_handoff=None, armed=False, rearm_on=day)
