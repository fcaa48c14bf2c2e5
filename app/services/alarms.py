"""What happens to a hand-off by itself: it wakes, it is overdue, it goes back because nobody touched it."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from app import store
from app.services.moves import (
    OVERDUE,
    RELEASE,
    SERVICE,
    UNSNOOZE,
    Move,
    alarm_of,
    apply,
    hold,
    released_at,
    require,
)
from app.services.rulebook import Rulebook, hold_rulebook


def ring(connection: Connection, program: str, handoff: str, *, now: datetime) -> None:
    """Do what is due with a hand-off: one move, or none if somebody else was faster. Raises NotFound."""
    rules = hold_rulebook(connection, program)
    held = hold(connection, rules, handoff)
    row = require(connection, program, handoff)
    if row.alarm_at is None or row.alarm_at > now:
        return
    move = _due(rules, row, now)
    if move is None:
        # The rubric has changed since the alarm was set.
        store.handoffs.change(connection, row.id, {"alarm_at": alarm_of(rules, row._mapping)})
    else:
        apply(connection, rules, row, held, move, now=now)


def _due(rules: Rulebook, row: Any, now: datetime) -> Move | None:
    if row.state == "snoozed":
        return Move(UNSNOOZE, SERVICE, "its time has come", {"snoozed_until": None})
    if row.state == "claimed" and _is_past(released_at(rules, row._mapping), now):
        reason = f"{row.claimed_by} has not touched it since {row.touched_at:%Y-%m-%d %H:%M} UTC"
        return Move(RELEASE, SERVICE, reason, {"claimed_by": None})
    if row.overdue_at is None and _is_past(row.due_at, now):
        return Move(OVERDUE, SERVICE, writes={"overdue_at": now})
    return None


def _is_past(instant: datetime | None, now: datetime) -> bool:
    return instant is not None and instant <= now
