"""Opening hand-offs: why this partner, why now, in plain words, frozen as of the crossing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from ulid import ULID

from app import store
from app.scoring.hours import due_at
from app.scoring.rubric import Handoff as Terms
from app.services.announcing import Message
from app.services.assigning import assigned
from app.services.capacity import hold_places
from app.services.handoff_view import handoff_document
from app.services.moves import OPEN, SERVICE, WAIT, alarm_of
from app.services.reasons import reasons_of
from app.services.rulebook import Rulebook
from app.store.ledger import LedgerEvent
from app.store.standings import Standing


@dataclass(frozen=True)
class Crossing:
    """A partner passing the threshold, by name and owner, and the event that did it."""

    standing: Standing
    score: float
    trigger: LedgerEvent
    name: str | None
    owner: str | None


@dataclass(frozen=True)
class Opened:
    """A new hand-off; the message tells of it (without its sequence), or is None while it has to wait."""

    id: str
    partner: str
    trigger: LedgerEvent
    message: Message | None


def open_handoffs(
    connection: Connection, rules: Rulebook, crossings: Sequence[Crossing], *, now: datetime
) -> list[Opened]:
    """Store a hand-off for each crossing, best first: open while the desk has places, then waiting.

    A handful of statements, and none when nobody crosses.
    """
    terms = rules.rubric.handoff
    if not crossings or terms is None or rules.version is None:
        return []
    best_first = sorted(crossings, key=lambda each: (each.standing.grade_rank, -each.score))
    partners = [each.standing.partner for each in best_first]
    reasons = reasons_of(connection, rules, partners, now=now)
    left = hold_places(connection, rules, terms, now=now)
    owners = assigned(connection, rules.program, terms, [each.owner for each in best_first[:left]])
    rows = []
    for place, each in enumerate(best_first):
        about = frozen(rules, terms, each.standing, each.score) | reasons[each.standing.partner]
        row = _crossed(rules, each, now=now) | about
        if place < len(owners):
            row |= opened_now(rules, terms, owners[place], now=now)
        rows.append(row | {"alarm_at": alarm_of(rules, row)})
    lines = [_first_line(row, now=now) for row in rows]
    store.handoffs.add(connection, rows)
    store.handoffs.add_moves(connection, rules.program, lines)
    return [_opened(each, row, line) for each, row, line in zip(best_first, rows, lines, strict=True)]


def _crossed(rules: Rulebook, crossing: Crossing, *, now: datetime) -> dict[str, Any]:
    """A hand-off as a row, waiting."""
    trigger = crossing.trigger
    return {
        "id": f"ho_{ULID()}",
        "program": rules.program,
        "partner": crossing.standing.partner,
        "state": "waiting",
        "owner": crossing.owner,
        "claimed_by": None,
        "trigger": {
            "event": trigger.id,
            "source": trigger.source,
            "type": trigger.type,
            "contact": trigger.contact,
        },
        "crossed_at": now,
        "opened_at": None,
        "due_at": None,
        "overdue_at": None,
        "snoozed_until": None,
        "touched_at": None,
        "closed_at": None,
        "outcome": None,
        "reason": None,
        "value": None,
        "note": None,
    }


def frozen(rules: Rulebook, terms: Terms, standing: Standing, score: float) -> dict[str, Any]:
    """Where the partner stands, as columns of its hand-off."""
    return {
        "score": score,
        "threshold": terms.at,
        "band": standing.band,
        "grade": standing.grade,
        "grade_rank": standing.grade_rank,
        "rubric_version": rules.version,
    }


def opened_now(rules: Rulebook, terms: Terms, owner: str | None, *, now: datetime) -> dict[str, Any]:
    """What changes when a hand-off is opened, as its columns."""
    due = due_at(now, terms.due_hours, working=terms.hours, zone=rules.zone)
    return {"state": "open", "owner": owner, "opened_at": now, "due_at": due}


def _first_line(row: dict[str, Any], *, now: datetime) -> dict[str, Any]:
    kind = OPEN if row["state"] == "open" else WAIT
    return {
        "handoff": row["id"],
        "n": 1,
        "at": now,
        "by": SERVICE,
        "move": kind.name,
        "state": kind.state,
        "reason": None,
        "details": None,
    }


def _opened(crossing: Crossing, row: dict[str, Any], line: dict[str, Any]) -> Opened:
    partner, message = crossing.standing.partner, None
    if row["state"] == "open":
        named = row | {"partner_name": crossing.name}
        document = handoff_document(named, [line], score_now=crossing.score)
        message = Message("handoff.opened", document, partner=partner)
    return Opened(row["id"], partner, crossing.trigger, message)
