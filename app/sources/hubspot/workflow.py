"""The webhook of a workflow: the act is in the URL, the body has the properties that were chosen."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.sources.adapter import Incoming, Introduction, Meaning
from app.sources.event import NewEvent
from app.sources.hubspot.settings import HubSpotSettings
from app.sources.masking import told
from app.sources.moments import from_iso, from_milliseconds
from app.sources.names import joined, name_of, short_hash
from app.sources.resolving import partner_of
from app.sources.vocabulary import TYPES

OURS = frozenset({"action", "email", "objectId", "objectType", "occurredAt"})

Item = Mapping[str, Any]


def meaning_of(
    item: Item, settings: HubSpotSettings, incoming: Incoming, *, received_at: datetime
) -> Meaning:
    """What the webhook comes to. Raises ValueError if it cannot be counted."""
    action = name_of(incoming.query.get("action")) or name_of(item.get("action"))
    if action is None:
        raise ValueError("the act is missing: put ?action=form.submitted or the like behind the URL")
    object_id, email = name_of(item.get("objectId")), name_of(item.get("email"))
    known = f"hubspot:contact:{object_id}" if object_id else None
    partner = partner_of(settings.partner, item, incoming)
    at = _moment(item.get("occurredAt"), received_at)
    event = NewEvent(
        id=joined(
            "workflow", action, object_id, email and short_hash(email), _told_apart(incoming, at, received_at)
        ),
        type=_type(action),
        occurred_at=at,
        partner=partner,
        contact=email or known,
        properties=told({name: value for name, value in item.items() if name not in OURS}),
    )
    return Meaning((event,), (Introduction(known, email=email, partner=partner),) if known else ())


def _type(action: str) -> str:
    """`form_submitted` is form.submitted; anything else is taken at its word."""
    dotted = action.replace("_", ".", 1)
    return dotted if dotted in TYPES else action


def _told_apart(incoming: Incoming, at: datetime | None, received_at: datetime) -> str:
    """What tells a second act from a repeat: when it happened; else another body, or another day of ours."""
    if at is not None:
        return at.isoformat()
    return f"{received_at:%Y-%m-%d} {short_hash(incoming.body.decode(errors='surrogateescape'))}"


def _moment(value: object, received_at: datetime) -> datetime | None:
    """HubSpot writes dates in milliseconds, or as the sender chose to."""
    if value is None:
        return None
    if isinstance(value, str) and "-" in value[1:]:
        return from_iso(value, name="occurredAt", received_at=received_at)
    return from_milliseconds(value, name="occurredAt", received_at=received_at)
