"""One SES event becomes an event for each recipient whom it is about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.errors import Malformed
from app.sources.adapter import Incoming, Meaning
from app.sources.event import NewEvent
from app.sources.machines import judged
from app.sources.masking import link, told
from app.sources.moments import from_iso
from app.sources.names import joined, name_of
from app.sources.reading import json_object, part
from app.sources.resolving import Place, partner_of

# A bounce counts if it is permanent, a changed subscription if it ends them all.
TYPES = {
    "Delivery": "email.delivered",
    "Open": "email.opened",
    "Click": "email.clicked",
    "Bounce": "email.bounced",
    "Complaint": "email.complained",
    "Subscription": "email.unsubscribed",
}

SES_TAGS = "ses:"

Item = Mapping[str, Any]


@dataclass(frozen=True)
class Reader:
    """Reads one request's message."""

    resolvers: Sequence[Mapping[Place, str]]
    incoming: Incoming
    received_at: datetime

    def read(self, envelope: Mapping[str, Any]) -> Meaning:
        """What the message comes to. Raises ValueError if it cannot be counted."""
        message = _message(envelope)
        name = message.get("eventType") or message.get("notificationType")
        if message and not isinstance(name, str):
            raise ValueError("`eventType` is missing: is it SES that publishes to this topic?")
        facts = part(message, str(name).lower())
        if name not in TYPES or not _counts(name, facts):
            return Meaning()
        id_ = name_of(envelope.get("MessageId"))
        if id_ is None:
            raise ValueError("`MessageId` is missing, so a repeat could not be told from a second event")
        people = _recipients(name, message, facts)
        first = self._event(id_, name, message, facts, contact=people[0])
        others = [
            first.model_copy(update={"id": joined(id_, place), "contact": person})
            for place, person in enumerate(people[1:], 1)
        ]
        return Meaning((first, *others))

    def _event(self, id_: str, name: str, message: Item, facts: Item, *, contact: str) -> NewEvent:
        return NewEvent(
            id=id_,
            type=TYPES[name],
            occurred_at=from_iso(facts.get("timestamp"), name="timestamp", received_at=self.received_at),
            partner=partner_of(self.resolvers, message, self.incoming, link=facts.get("link")),
            contact=contact,
            properties=_properties(name, message, facts),
            **judged(TYPES[name], facts.get("userAgent")),
        )


def _message(envelope: Item) -> dict[str, Any]:
    """JSON in a text. "Successfully validated SNS topic ..." is none, and means nothing."""
    try:
        return json_object(str(envelope.get("Message")))
    except Malformed:
        return {}


def _counts(name: str, facts: Item) -> bool:
    match name:
        case "Bounce":
            return facts.get("bounceType") == "Permanent"
        case "Subscription":
            return part(facts, "newTopicPreferences").get("unsubscribeAll") is True
        case _:
            return True


def _recipients(name: str, message: Item, facts: Item) -> list[str]:
    """Whom it is about, at least one. SES does not tell which of several recipients opened a mail."""
    lists = {
        "Bounce": facts.get("bouncedRecipients"),
        "Complaint": facts.get("complainedRecipients"),
        "Delivery": facts.get("recipients"),
    }
    listed = lists.get(name) or part(message, "mail").get("destination")
    given = [each.get("emailAddress") if isinstance(each, dict) else each for each in _list(listed)]
    people = list(dict.fromkeys(filter(None, map(name_of, given))))
    if not people:
        raise ValueError("no recipient is named")
    return people


def _properties(name: str, message: Item, facts: Item) -> dict[str, Any]:
    """The sender's own tags, whose values are lists, then ours."""
    mail = part(message, "mail")
    tags = {key: _list(values)[0] for key, values in part(mail, "tags").items() if _list(values)}
    own = {key: value for key, value in tags.items() if not key.startswith(SES_TAGS)}
    ours = {
        "message": name_of(mail.get("messageId")),
        "campaign": tags.get("campaign") or part(mail, "commonHeaders").get("subject"),
        **(link(facts.get("link")) if name == "Click" else {}),
    }
    return told({**own, **{key: value for key, value in ours.items() if value}})


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
