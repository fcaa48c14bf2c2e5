"""Opening hand-offs: why this partner, why now, in plain words, frozen as of the crossing."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import Connection
from ulid import ULID

from app import store
from app.scoring.explain import explain
from app.scoring.fade import weight
from app.scoring.rubric import Handoff as Terms
from app.scoring.talking import Fact, talking_points
from app.services.announcing import Message
from app.services.arithmetic import ADJUSTED, adjustment_of, as_adjustments, as_tallies
from app.services.handoff_view import Move, handoff_view
from app.services.rulebook import Rulebook
from app.store.ledger import LedgerEvent
from app.store.standings import Standing

SERVICE = "handraiser"
"""Who did it, where no person did."""

# Enough to talk about: what is older says little about why now.
TALKING_DAYS = 90
TALKING_EVENTS = 200


@dataclass(frozen=True)
class Crossing:
    """A partner passing the threshold, and the event that did it."""

    standing: Standing
    score: float
    trigger: LedgerEvent


@dataclass(frozen=True)
class Opened:
    """A new hand-off and the message that tells of it (without its sequence)."""

    id: str
    partner: str
    trigger: LedgerEvent
    message: Message


def open_handoffs(
    connection: Connection, rules: Rulebook, crossings: Sequence[Crossing], *, now: datetime
) -> list[Opened]:
    """Store a hand-off for each crossing; a handful of statements, and none when nobody crosses."""
    terms = rules.rubric.handoff
    if not crossings or terms is None or rules.version is None:
        return []
    partners = [each.standing.partner for each in crossings]
    why = _explanations(connection, rules, partners, today=rules.day_of(now))
    points = _talking_points(connection, rules, partners, now=now)
    known = store.partners.get_many(connection, rules.program, partners)
    rows = []
    for each in crossings:
        partner = known[each.standing.partner]
        about = {"lines": why[partner.id], "talking_points": points[partner.id]}
        rows.append(_row(rules, terms, each, now=now) | about | {"owner": partner.owner})
    moves = [_opening_move(row["id"], now=now) for row in rows]
    store.handoffs.add(connection, rows)
    store.handoffs.add_moves(connection, moves)
    return [
        _opened(each, row | {"partner_name": known[row["partner"]].name}, move)
        for each, row, move in zip(crossings, rows, moves, strict=True)
    ]


def _row(rules: Rulebook, terms: Terms, crossing: Crossing, *, now: datetime) -> dict[str, Any]:
    standing, trigger = crossing.standing, crossing.trigger
    return {
        "id": f"ho_{ULID()}",
        "program": rules.program,
        "partner": standing.partner,
        "state": "open",
        "claimed_by": None,
        "score": crossing.score,
        "threshold": terms.at,
        "band": standing.band,
        "grade": standing.grade,
        "grade_rank": standing.grade_rank,
        "rubric_version": rules.version,
        "trigger": {
            "event": trigger.id,
            "source": trigger.source,
            "type": trigger.type,
            "contact": trigger.contact,
        },
        "opened_at": now,
        "due_at": now + timedelta(hours=terms.due_hours),
        "closed_at": None,
        "outcome": None,
        "reason": None,
        "value": None,
        "note": None,
    }


def _opening_move(handoff: str, *, now: datetime) -> dict[str, Any]:
    return {
        "handoff": handoff,
        "n": 1,
        "at": now,
        "by": SERVICE,
        "move": "open",
        "state": "open",
        "reason": None,
    }


def _opened(crossing: Crossing, row: dict[str, Any], move: dict[str, Any]) -> Opened:
    data = handoff_view(row, [Move(**{name: move[name] for name in Move.model_fields})]).model_dump(
        mode="json"
    )
    partner = crossing.standing.partner
    return Opened(row["id"], partner, crossing.trigger, Message("handoff.opened", data, partner=partner))


def _explanations(
    connection: Connection, rules: Rulebook, partners: Sequence[str], *, today: int
) -> dict[str, list[dict[str, object]]]:
    tallies = store.tallies.of_partners(connection, rules.program, partners)
    adjusted = store.tallies.adjustments_of(connection, rules.program, partners)
    rows, lines = _by_partner(tallies), _by_partner(adjusted)
    found = {}
    for partner in partners:
        explanation = explain(
            rules.rubric,
            rules.prices,
            as_tallies(rows[partner], {partner: 0}),
            adjustments=as_adjustments(lines[partner], {partner: 0}),
            as_of=today,
        )
        found[partner] = [line.document() for line in explanation.lines]
    return found


def _by_partner(
    rows: Iterable[tuple[str, int, int, int]],
) -> defaultdict[str, list[tuple[str, int, int, int]]]:
    found = defaultdict(list)
    for row in rows:
        found[row[0]].append(row)
    return found


def _talking_points(
    connection: Connection, rules: Rulebook, partners: Sequence[str], *, now: datetime
) -> dict[str, list[dict[str, str | None]]]:
    recent = store.ledger.recent_human(
        connection, rules.program, partners, since=now - timedelta(days=TALKING_DAYS), each=TALKING_EVENTS
    )
    contacts = {event.contact for events in recent.values() for event in events if event.contact}
    names = store.contacts.names_of(connection, rules.program, sorted(contacts))
    found = {}
    for partner in partners:
        facts = [_fact(rules, event, names, today=rules.day_of(now)) for event in recent.get(partner, [])]
        mattered = [fact for fact in facts if fact.weight > 0]
        found[partner] = [
            {"text": point.text, "contact": point.contact}
            for point in talking_points(mattered, zone=rules.zone)
        ]
    return found


def _fact(rules: Rulebook, event: LedgerEvent, names: dict[str, str], *, today: int) -> Fact:
    matched = rules.signals.matching(event.type, event.properties, event.persona)
    worth = (rules.prices.earns(matched) + adjustment_of(event)) / 1000
    day = np.array([rules.day_of(event.occurred_at)])
    name, properties = names.get(event.contact or ""), event.properties
    if event.type == ADJUSTED:
        # Not a contact's deed, but that of whoever gave the points, for a reason.
        name, properties = properties["by"], {"title": properties["reason"]}
    return Fact(
        type=event.type,
        occurred_at=event.occurred_at,
        contact_name=name,
        contact=event.contact,
        properties=properties,
        weight=worth * float(weight(rules.rubric.fade, day, today=today)[0]),
    )
