"""One call becomes an event, and what it teaches about people."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.sources.adapter import Incoming, Introduction, Meaning
from app.sources.event import NewEvent
from app.sources.machines import judged
from app.sources.moments import EARLIEST, any_iso
from app.sources.names import joined, name_of
from app.sources.reading import part
from app.sources.resolving import partner_of
from app.sources.segment.properties import page_properties, page_url, track_properties
from app.sources.segment.settings import SegmentSettings
from app.sources.shared_secrets import as_bytes

MOST_BYTES = 32 * 1024
TOLERANCE = timedelta(seconds=60)
"""Up to here a clock is right, and what is missing is the way to us."""

NOT_ERASED = (
    "whoever knows the write key could have anybody erased: if no browser or app has it, set `erase` to true"
    " and retry; otherwise erase the person by DELETE /v1/contacts/{contact}"
)

Item = Mapping[str, Any]


@dataclass(frozen=True)
class Reader:
    """Reads the calls of one request."""

    settings: SegmentSettings
    incoming: Incoming
    sent_at: datetime | None
    received_at: datetime

    def read(self, item: object) -> Meaning:
        """What the call comes to. Raises ValueError if it cannot be counted."""
        if not isinstance(item, dict):
            raise ValueError("the call is not an object")
        if len(as_bytes(json.dumps(item, ensure_ascii=False))) > MOST_BYTES:
            raise ValueError(f"the call is over {MOST_BYTES} bytes")
        kinds: dict[object, Callable[[Item], Meaning]] = {
            "track": self._track,
            "page": lambda each: self._view(each, "page.viewed"),
            "screen": lambda each: self._view(each, "screen.viewed"),
            "identify": self._identify,
            "group": self._group,
            "alias": self._alias,
            "delete": self._delete,
        }
        kind = item.get("type")
        if not isinstance(kind, str) or kind not in kinds:
            raise ValueError("`type` is none that Segment's specification has")
        return kinds[kind](item)

    def _track(self, item: Item) -> Meaning:
        name = name_of(item.get("event"))
        if name is None:
            raise ValueError("`event`, the name of what was tracked, is missing")
        type_ = self.settings.type_of(name)
        if type_ is None:
            return Meaning()
        return Meaning(events=(self._event(item, type_, contact=_person(item), told=track_properties(item)),))

    def _view(self, item: Item, type_: str) -> Meaning:
        event = self._event(item, type_, contact=_person(item), told=page_properties(item))
        return Meaning(events=(event,))

    def _identify(self, item: Item) -> Meaning:
        traits = part(item, "traits")
        email = _email(item)
        introduction = self._introduction(
            item, aliases=[name_of(item.get("anonymousId"))], email=email, name=_full_name(traits)
        )
        event = self._event(item, "contact.identified", contact=email or _person(item))
        return Meaning((event,), introduction)

    def _group(self, item: Item) -> Meaning:
        event = self._event(item, "contact.grouped", contact=_person(item))
        return Meaning((event,), self._introduction(item) if event.partner else ())

    def _alias(self, item: Item) -> Meaning:
        event = self._event(item, "contact.aliased", contact=_person(item))
        return Meaning((event,), self._introduction(item, aliases=[name_of(item.get("previousId"))]))

    def _delete(self, item: Item) -> Meaning:
        if not self.settings.erase:
            raise ValueError(NOT_ERASED)
        event = self._event(item, "contact.deleted", contact=_person(item))
        return Meaning((event,), erasures=(event.contact,) if event.contact else ())

    def _introduction(
        self, item: Item, *, aliases: list[str | None] | None = None, **known: str | None
    ) -> tuple[Introduction, ...]:
        contact = _person(item)
        if contact is None:
            return ()
        others = tuple(name for name in aliases or [] if name and name != contact)
        return (Introduction(contact, others, partner=self._partner(item), **known),)

    def _event(
        self, item: Item, type_: str, *, contact: str | None, told: dict[str, Any] | None = None
    ) -> NewEvent:
        return NewEvent(
            id=_id(item),
            type=type_,
            occurred_at=self._occurred_at(item),
            partner=self._partner(item),
            contact=contact,
            properties=told or {},
            **judged(type_, part(item, "context").get("userAgent")),
        )

    def _partner(self, item: Item) -> str | None:
        return partner_of(self.settings.partner, item, self.incoming, link=page_url(item))

    def _occurred_at(self, item: Item) -> datetime | None:
        """By our clock: the sender's may be wrong, and says so by when it claims to have sent.

        What Segment forwards was put right by Segment.
        """
        if item.get("timestamp") is None:
            return None
        at = any_iso(item["timestamp"], name="timestamp")
        ago = self.received_at - at
        is_forwarded = "receivedAt" in item or "originalTimestamp" in item
        if self.sent_at and not is_forwarded and abs(self.received_at - self.sent_at) > TOLERANCE:
            ago = self.sent_at - at
        if ago > self.received_at - EARLIEST:
            raise ValueError("`timestamp` must be after 1999")
        return self.received_at - max(ago, timedelta())


def _id(item: Item) -> str:
    """`messageId`; without one, what no second call of the same moment would share."""
    message = name_of(item.get("messageId"))
    if message:
        return message
    if item.get("timestamp") is None:
        raise ValueError("without `messageId` and `timestamp` a repeat could not be told from a second call")
    about = ("type", "userId", "anonymousId", "event", "name", "groupId", "previousId", "timestamp")
    return joined(*(name_of(item.get(name)) for name in about))


def _person(item: Item) -> str | None:
    return name_of(item.get("userId")) or name_of(item.get("anonymousId")) or _email(item)


def _email(item: Item) -> str | None:
    return name_of(part(item, "traits").get("email")) or name_of(part(item, "context", "traits").get("email"))


def _full_name(traits: Item) -> str | None:
    parts = (name_of(traits.get(name)) for name in ("firstName", "lastName"))
    return (name_of(traits.get("name")) or " ".join(filter(None, parts)))[:255] or None
