"""One notification of an app's subscription: ids, and at most one property."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.sources.adapter import Incoming, Introduction, Meaning
from app.sources.event import NewEvent
from app.sources.hubspot.settings import HubSpotSettings
from app.sources.moments import from_milliseconds
from app.sources.names import joined, name_of
from app.sources.resolving import partner_of

DELETED = "contact.privacyDeletion"

Item = Mapping[str, Any]


def meaning_of(
    item: object, settings: HubSpotSettings, incoming: Incoming, *, received_at: datetime
) -> Meaning:
    """What the notification comes to. Raises ValueError if it cannot be counted."""
    if not isinstance(item, dict):
        raise ValueError("the notification is not an object")
    type_ = _type(item, settings)
    subject = item.get("subscriptionType")
    if not isinstance(subject, str):
        raise ValueError("`subscriptionType` is missing")
    learnt = _introductions(item, settings, incoming) if subject == "contact.propertyChange" else ()
    if type_ is None:
        return Meaning(introductions=learnt)
    event = NewEvent(
        id=_id(item),
        type=type_,
        occurred_at=from_milliseconds(item.get("occurredAt"), name="occurredAt", received_at=received_at),
        contact=_contact(item),
    )
    erasures = (event.contact,) if subject == DELETED and event.contact else ()
    return Meaning((event,), learnt, erasures=erasures)


def _type(item: Item, settings: HubSpotSettings) -> str | None:
    match item.get("subscriptionType"):
        case "contact.propertyChange":
            # A property that was emptied tells of no act.
            return settings.type_of(item.get("propertyName")) if item.get("propertyValue") else None
        case "deal.creation":
            return "deal.registered"
        case "contact.privacyDeletion":
            return "contact.deleted"
        case _:
            return None


def _introductions(item: Item, settings: HubSpotSettings, incoming: Incoming) -> tuple[Introduction, ...]:
    """An address or a company that a contact was given; the contact's id is all that other events have."""
    name, value = name_of(item.get("propertyName")), name_of(item.get("propertyValue"))
    if name is None or value is None:
        return ()
    email = value if name == "email" else None
    partner = partner_of(settings.partner, {name: value}, incoming)
    return (Introduction(_contact(item), email=email, partner=partner),) if email or partner else ()


def _contact(item: Item) -> str:
    """`hubspot:contact:1`, `hubspot:deal:1`."""
    id_ = name_of(item.get("objectId"))
    if id_ is None:
        raise ValueError("`objectId` is missing")
    return f"hubspot:{str(item['subscriptionType']).partition('.')[0]}:{id_}"


def _id(item: Item) -> str:
    id_ = name_of(item.get("eventId"))
    if id_ is None:
        raise ValueError("`eventId` is missing, so a repeat could not be told from a second event")
    return joined(name_of(item.get("portalId")), id_)
