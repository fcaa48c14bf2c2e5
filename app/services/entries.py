"""Events as the ledger will hold them: refused if their time cannot be, attributed, and judged."""

from datetime import UTC, datetime, timedelta
from typing import Any

from app.errors import FieldError
from app.services.attribution import Directory
from app.services.rulebook import Rulebook
from app.sources.event import NewEvent, contact_key
from app.sources.machines import CLICKED, is_internal
from app.store.ledger import LedgerEvent

EARLY = timedelta(minutes=5)
"""How far ahead of our clock a sender's may be."""

FIRST = datetime(1900, 1, 1, tzinfo=UTC)
"""The past is welcome; before this it is a fault of the sender's."""


def untimely(
    occurred_at: datetime | None, now: datetime, *, kept_from: datetime | None = None
) -> FieldError | None:
    """What is wrong with the time of an event that is recorded now, if anything is."""
    if occurred_at is None:
        return None
    if occurred_at > now + EARLY:
        return FieldError("occurred_at", "is in the future; check the sender's clock and time zone")
    if kept_from is not None and occurred_at < kept_from:
        # It may be a repeat of one that was pruned and counts already.
        return FieldError("occurred_at", f"is before {kept_from:%Y-%m-%dT%H:%MZ}; older events are pruned")
    return FieldError("occurred_at", "is before 1900") if occurred_at < FIRST else None


def entry(
    rules: Rulebook,
    people: Directory,
    event: NewEvent,
    *,
    settle: timedelta,
    received_at: datetime,
    now: datetime,
) -> LedgerEvent:
    """The event as the ledger will hold it; its contact must have been looked up.

    It occurred when it was received, if it does not tell or its sender's clock is ahead.
    """
    contact = contact_key(event.contact) if event.contact else None
    attribution = people.attribute(event.partner, contact)
    return LedgerEvent(
        program=rules.program,
        source=event.source or "",
        id=event.id,
        type=event.type,
        occurred_at=min(event.occurred_at or received_at, received_at),
        received_at=received_at,
        partner=attribution.partner,
        contact=contact,
        persona=attribution.persona,
        properties=event.properties,
        digest=event.digest(),
        **_judged(rules, event, contact, settle=settle, now=now),
    )


def _judged(
    rules: Rulebook, event: NewEvent, contact: str | None, *, settle: timedelta, now: datetime
) -> dict[str, Any]:
    """What an event's own word, the list of internal contacts and the time to wait make of its verdict."""
    if event.verdict != "human":
        return {"verdict": event.verdict, "verdict_reason": event.verdict_reason or "as sent"}
    if contact is not None and is_internal(contact, rules.internal_contacts):
        return {"verdict": "internal", "verdict_reason": "on the list of internal contacts"}
    if settle and event.type == CLICKED:
        reason = f"waits for {settle.total_seconds():g} s in case it is part of a burst"
        return {"verdict": "settling", "verdict_reason": reason, "settles_at": now + settle}
    return {"verdict": "human", "verdict_reason": None}
