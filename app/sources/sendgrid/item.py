"""One item of a SendGrid batch becomes an event, or nothing, or an error that says why not."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.sources.adapter import Incoming
from app.sources.event import NewEvent
from app.sources.machines import Judgement, flagged, judged
from app.sources.moments import from_seconds
from app.sources.names import name_of
from app.sources.resolving import partner_of
from app.sources.sendgrid.properties import properties
from app.sources.sendgrid.settings import SendGridSettings

TYPES = {
    "delivered": "email.delivered",
    "open": "email.opened",
    "click": "email.clicked",
    "bounce": "email.bounced",
    "spamreport": "email.complained",
    "unsubscribe": "email.unsubscribed",
    "group_unsubscribe": "email.unsubscribed",
    "group_resubscribe": "email.resubscribed",
}
# The mail is on its way or was never tried, or the account's own standing changed: no act of a partner.
IGNORED = frozenset({"processed", "deferred", "dropped", "account_status_change"})


def event_of(
    item: object, settings: SendGridSettings, incoming: Incoming, *, received_at: datetime
) -> NewEvent | None:
    """None if it is no act of a partner. Raises ValueError if it cannot be counted."""
    if not isinstance(item, dict):
        raise ValueError("the item is not an object")
    if _is_ignored(item):
        return None
    if not item.get("sg_event_id"):
        # Two opens in one second are two acts: nothing else in the item tells them from one that came twice.
        raise ValueError("`sg_event_id` is missing, so a repeat could not be told from a second event")
    return NewEvent(
        id=item["sg_event_id"],
        type=TYPES[item["event"]],
        occurred_at=from_seconds(item.get("timestamp"), name="timestamp", received_at=received_at),
        partner=name_of(item.get(settings.partner_argument))
        or partner_of(settings.partner, item, incoming, link=item.get("url")),
        contact=item.get("email"),
        properties=properties(item, without=settings.partner_argument),
        **_judgement(item),
    )


def _is_ignored(item: Mapping[str, Any]) -> bool:
    name = item.get("event")
    if not isinstance(name, str):
        raise ValueError("`event` is missing")
    if name not in TYPES and name not in IGNORED:
        raise ValueError("`event` is none that SendGrid documents")
    is_soft_bounce = name == "bounce" and item.get("type") == "blocked"
    return name in IGNORED or is_soft_bounce


def _judgement(item: Mapping[str, Any]) -> Judgement:
    """Apple's mail privacy fetches every image; SendGrid flags that, as a boolean or in words."""
    if str(item.get("sg_machine_open", "")).strip().lower() in {"true", "1"}:
        return flagged("SendGrid", "sg_machine_open")
    return judged(TYPES[item["event"]], item.get("useragent"))
