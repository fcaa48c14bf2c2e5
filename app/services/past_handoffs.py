"""Calls that another system knew of: closed hand-offs without a score, for insights and for re-arming."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from ulid import ULID

from app import store
from app.errors import FieldError
from app.scoring.crossing import rearm_day
from app.scoring.fit import grade_rank
from app.services.handoffs import Closing
from app.services.import_results import Result, rejected, told_again
from app.services.publishing import publish
from app.services.rescoring import hold_standings
from app.services.rulebook import Rulebook
from app.store.standings import Standing

MOVE = "import"


@dataclass(frozen=True)
class Past:
    """What came of a call that another system calls `external_id`."""

    external_id: str
    partner: str
    closing: Closing
    closed_at: datetime
    opened_at: datetime | None = None
    by: str | None = None


def record_past(connection: Connection, rules: Rulebook, past: Past, *, by: str, now: datetime) -> Result:
    """Store a past call once. Its partner's standing must be held, and the queue."""
    partner = store.partners.roots(connection, rules.program, {past.partner}).get(past.partner)
    if partner is None:
        return rejected("partner", "is no partner of this program")
    known = store.handoff_files.by_external_id(connection, rules.program, past.external_id)
    if known is not None:
        return _again(connection, rules, known, past, partner)
    opened_at = past.opened_at or past.closed_at
    if not opened_at <= past.closed_at <= now:
        return rejected("closed_at", "must not be before opened_at, nor in the future")
    for each in store.handoffs.open_of_partners(connection, rules.program, [partner]):
        if past.closed_at >= each.crossed_at:
            errors = (
                FieldError("partner", f"has the hand-off {each.id} since before; close that by its id"),
            )
            return Result("conflict", each.id, errors)
    row = _row(rules, past, partner, opened_at)
    store.handoffs.add(connection, [row])
    store.handoffs.add_moves(connection, rules.program, [_line(row, past, by=past.by or by, now=now)])
    _wait_longer(connection, rules, row, now=now)
    return Result("recorded", row["id"])


def _again(connection: Connection, rules: Rulebook, known: Any, past: Past, partner: str) -> Result:
    root = store.partners.roots(connection, rules.program, {known.partner})[known.partner]
    if root != partner:
        errors = (FieldError("external_id", f"is that of a call to {known.partner!r}"),)
        return Result("conflict", known.id, errors)
    return told_again(known, past.closing)


def _row(rules: Rulebook, past: Past, partner: str, opened_at: datetime) -> dict[str, Any]:
    """As a hand-off's row: nobody here knew the score, so there are no points and no reasons."""
    said = past.closing
    return {
        "id": f"ho_{ULID()}",
        "program": rules.program,
        "partner": partner,
        "external_id": past.external_id,
        "state": "closed",
        "claimed_by": past.by,
        "score": 0.0,
        "threshold": 0.0,
        "grade_rank": grade_rank(rules.rubric, None),
        "rubric_version": 0,
        "trigger": {
            "event": past.external_id,
            "source": "import",
            "type": "handoff.imported",
            "contact": None,
        },
        "lines": [],
        "talking_points": [],
        "crossed_at": opened_at,
        "opened_at": opened_at,
        "closed_at": past.closed_at,
        "outcome": said.outcome,
        "reason": said.reason,
        "value": said.value,
        "note": said.note,
    }


def _line(row: dict[str, Any], past: Past, *, by: str, now: datetime) -> dict[str, Any]:
    move = past.closing.move(by=by, now=past.closed_at)
    return {
        "handoff": row["id"],
        "n": 1,
        "at": now,
        "by": by,
        "move": MOVE,
        "state": "closed",
        "reason": move.reason,
        "details": dict(move.details),
    }


def _wait_longer(connection: Connection, rules: Rulebook, row: dict[str, Any], *, now: datetime) -> None:
    """Let the partner cross again no sooner than after a hand-off that was closed so, and then."""
    held = hold_standings(connection, rules, [row["partner"]])[row["partner"]]
    day = rearm_day(rules.rubric, row["outcome"], rules.day_of(row["closed_at"]))
    if held.open_handoff is None and day > rules.day_of(now):
        waiting: Standing = held._replace(armed=False, rearm_on=max(day, held.rearm_on or day))
        publish(connection, rules, {held.partner: held}, [waiting], now=now)
