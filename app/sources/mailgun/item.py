"""Mailgun's `event-data` becomes an event, or nothing, or an error that says why not."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.sources.adapter import Incoming
from app.sources.event import NewEvent
from app.sources.machines import Judgement, flagged, judged
from app.sources.masking import link, told
from app.sources.moments import from_seconds
from app.sources.names import joined, name_of
from app.sources.reading import part
from app.sources.resolving import Place, partner_of

TYPES = {
    "delivered": "email.delivered",
    "opened": "email.opened",
    "clicked": "email.clicked",
    "failed": "email.bounced",
    "complained": "email.complained",
    "unsubscribed": "email.unsubscribed",
}
# The mail is on its way, was never sent, or came to us: no act of a partner.
IGNORED = frozenset({"accepted", "rejected", "stored", "list_member_uploaded", "list_uploaded"})

Item = Mapping[str, Any]


def event_of(
    item: Item, resolvers: Sequence[Mapping[Place, str]], incoming: Incoming, *, received_at: datetime
) -> NewEvent | None:
    """None if it is no act of a partner. Raises ValueError if it cannot be counted."""
    name = item.get("event")
    if not isinstance(name, str) or (name not in TYPES and name not in IGNORED):
        raise ValueError("`event` is missing, or none that Mailgun documents")
    if name in IGNORED or (name == "failed" and item.get("severity") != "permanent"):
        return None
    id_ = name_of(item.get("id"))
    if id_ is None:
        raise ValueError("`id` is missing, so a repeat could not be told from a second event")
    at = from_seconds(item.get("timestamp"), name="timestamp", received_at=received_at)
    return NewEvent(
        id=joined(id_, f"{at:%Y-%m-%d}"),  # an id is unique within a day only
        type=TYPES[name],
        occurred_at=at,
        partner=partner_of(resolvers, item, incoming, link=item.get("url")),
        contact=name_of(item.get("recipient")),
        properties=_properties(item),
        **_judgement(item, TYPES[name]),
    )


def _judgement(item: Item, type_: str) -> Judgement:
    """Gmail's image proxy is flagged too, but fetches when a person opens the mail."""
    client = part(item, "client-info")
    bot = client.get("bot")
    if isinstance(bot, str) and bot and not (bot == "gmail" and type_ == "email.opened"):
        return flagged("Mailgun", f"client-info.bot is {bot}")
    return judged(type_, client.get("user-agent"))


def _properties(item: Item) -> dict[str, Any]:
    """The sender's variables, then our own, which a variable never replaces."""
    tags = item.get("tags")
    tagged = [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
    status = part(item, "delivery-status")
    ours = {
        "campaign": tagged[0] if tagged else None,
        "categories": tagged or None,
        "reason": status.get("message") or status.get("description") or item.get("reason"),
        "status": status.get("code"),
        **(link(item.get("url")) if item.get("event") == "clicked" else {}),
    }
    # A message's id looks like an address and is none; the clicks in one message are found by it.
    message = name_of(part(item, "message", "headers").get("message-id"))
    known = {key: value for key, value in ours.items() if value}
    return {**told({**part(item, "user-variables"), **known}), **({"message": message} if message else {})}
