"""One item of a SendGrid batch becomes an event, or nothing, or an error that says why not."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from app.sources.event import NewEvent, Verdict
from app.sources.sendgrid.properties import properties

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

FIRST_EVENT = datetime(2009, 1, 1, tzinfo=UTC)  # SendGrid is no older
FURTHEST_AHEAD = timedelta(days=1)  # beyond it no clock is merely wrong: the unit is
BAD_TIMESTAMP = "`timestamp` must be in seconds since 1970, after 2008 and not in the future"


def event_of(item: object, *, partner_argument: str, received_at: datetime) -> NewEvent | None:
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
        occurred_at=_instant(item.get("timestamp"), received_at=received_at),
        partner=_partner(item.get(partner_argument)),
        contact=item.get("email"),
        properties=properties(item, without=partner_argument),
        verdict=_verdict(item),
    )


def _is_ignored(item: Mapping[str, Any]) -> bool:
    name = item.get("event")
    if not isinstance(name, str):
        raise ValueError("`event` is missing")
    if name not in TYPES and name not in IGNORED:
        raise ValueError("`event` is none that SendGrid documents")
    is_soft_bounce = name == "bounce" and item.get("type") == "blocked"
    return name in IGNORED or is_soft_bounce


def _instant(value: object, *, received_at: datetime) -> datetime:
    try:
        instant = datetime.fromtimestamp(_number(value), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise ValueError(BAD_TIMESTAMP) from error
    if not FIRST_EVENT <= instant <= received_at + FURTHEST_AHEAD:
        raise ValueError(BAD_TIMESTAMP)
    return instant


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(BAD_TIMESTAMP)
    return float(value)


def _partner(value: object) -> str | None:
    """SendGrid asks for text in custom arguments; a number is what some senders put there."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    return str(value).strip() or None


def _verdict(item: Mapping[str, Any]) -> Verdict:
    """Apple's mail privacy fetches every image; SendGrid flags that, as a boolean or in words."""
    flagged = str(item.get("sg_machine_open", "")).strip().lower() in {"true", "1"}
    return "machine" if flagged else "human"
