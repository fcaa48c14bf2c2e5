"""Why a partner is worth a call now: the lines of its score, and what a caller can say, as of today."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from app import store
from app.scoring.arrays import ints
from app.scoring.explain import explain_each
from app.scoring.fade import weight
from app.scoring.talking import Fact, talking_points
from app.services.arithmetic import ADJUSTED, adjustment_of
from app.services.facts import facts_of
from app.services.rulebook import Rulebook
from app.store.ledger import LedgerEvent

# Enough to talk about: what is older says little about why now.
TALKING_DAYS = 90
TALKING_EVENTS = 200


def reasons_of(
    connection: Connection, rules: Rulebook, partners: Sequence[str], *, now: datetime
) -> dict[str, dict[str, Any]]:
    """For each partner, `lines` and `talking_points` as a hand-off keeps them; a handful of statements."""
    lines = _explanations(connection, rules, partners, today=rules.day_of(now))
    points = _talking_points(connection, rules, partners, now=now)
    return {each: {"lines": lines[each], "talking_points": points[each]} for each in partners}


def _explanations(
    connection: Connection, rules: Rulebook, partners: Sequence[str], *, today: int
) -> dict[str, list[dict[str, object]]]:
    tallies, adjusted = facts_of(connection, rules.program, partners)
    explanations = explain_each(
        rules.rubric, rules.prices, tallies, adjustments=adjusted, as_of=today, partners=len(partners)
    )
    return {
        partner: [line.document() for line in each.lines]
        for partner, each in zip(partners, explanations, strict=True)
    }


def _talking_points(
    connection: Connection, rules: Rulebook, partners: Sequence[str], *, now: datetime
) -> dict[str, list[dict[str, str | None]]]:
    recent = store.ledger.recent_human(
        connection, rules.program, partners, since=now - timedelta(days=TALKING_DAYS), each=TALKING_EVENTS
    )
    contacts = {event.contact for events in recent.values() for event in events if event.contact}
    known = store.contacts.known(connection, rules.program, sorted(contacts))
    names = {key: person.known_name for key, person in known.items()}
    found = {}
    for partner in partners:
        facts = _facts(rules, recent.get(partner, []), names, today=rules.day_of(now))
        mattered = [fact for fact in facts if fact.weight > 0]
        found[partner] = [
            {"text": point.text, "contact": point.contact}
            for point in talking_points(mattered, zone=rules.zone)
        ]
    return found


def _facts(
    rules: Rulebook, events: Sequence[LedgerEvent], names: Mapping[str, str | None], *, today: int
) -> list[Fact]:
    days = ints([rules.day_of(event.occurred_at) for event in events])
    weights = weight(rules.rubric.fade, days, today=today).tolist()
    return [_fact(rules, event, names, weight=each) for event, each in zip(events, weights, strict=True)]


def _fact(rules: Rulebook, event: LedgerEvent, names: Mapping[str, str | None], *, weight: float) -> Fact:
    matched = rules.signals.matching(event.type, event.properties, event.persona)
    worth = (rules.prices.earns(matched) + adjustment_of(event)) / 1000
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
        weight=worth * weight,
    )
