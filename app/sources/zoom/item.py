"""One Zoom event: a registration, a part of an attendance, or nothing of a partner's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from app.sources.adapter import Incoming, Introduction, Meaning
from app.sources.attending import LONGEST_KEY, Fragment, attendance
from app.sources.event import NewEvent
from app.sources.masking import told
from app.sources.moments import from_iso, from_milliseconds
from app.sources.names import joined, name_of, short_hash
from app.sources.reading import part
from app.sources.resolving import Place, partner_of

Side = Literal["joined", "left"]

# "Approved" and "denied" are the host's acts; a registration counts once, when it is made.
REGISTRATIONS = {
    "webinar.registration_created": "webinar.registered",
    "webinar.registration_cancelled": "webinar.cancelled",
    "meeting.registration_created": "meeting.registered",
    "meeting.registration_cancelled": "meeting.cancelled",
}
PARTS: Mapping[str, tuple[str, Side]] = {
    "webinar.participant_joined": ("webinar.attended", "joined"),
    "webinar.participant_left": ("webinar.attended", "left"),
    "meeting.participant_joined": ("meeting.attended", "joined"),
    "meeting.participant_left": ("meeting.attended", "left"),
}
TIMES: Mapping[Side, str] = {"joined": "join_time", "left": "leave_time"}

LASTING = ("registrant_id", "id", "participant_user_id")
"""What a person is called also after coming back, where Zoom knows them."""

PASSING = ("user_id", "participant_uuid")
"""What one stay is called."""

Item = Mapping[str, Any]


@dataclass(frozen=True)
class Reader:
    """Reads one request's event."""

    resolvers: Sequence[Mapping[Place, str]]
    incoming: Incoming
    received_at: datetime

    def read(self, item: Item) -> Meaning:
        """What the event comes to. Raises ValueError if it cannot be counted."""
        name = item.get("event")
        if not isinstance(name, str):
            raise ValueError("`event` is missing")
        if name in REGISTRATIONS:
            return self._registration(item, name)
        if name in PARTS:
            return self._participation(item, *PARTS[name])
        return Meaning()

    def _registration(self, item: Item, name: str) -> Meaning:
        occasion = part(item, "payload", "object")
        registrant = _with_answers(part(occasion, "registrant"))
        id_, email = name_of(registrant.get("id")), name_of(registrant.get("email"))
        link = part(registrant, "tracking_source").get("tracking_url")
        partner = partner_of(self.resolvers, registrant, self.incoming, link=link)
        event = NewEvent(
            id=joined(name, _occasion_id(occasion), id_ or (short_hash(email) if email else None)),
            type=REGISTRATIONS[name],
            occurred_at=self._happened(item),
            partner=partner,
            contact=email or _zoom_name(id_),
            properties=_properties(occasion),
        )
        if id_ is None:
            return Meaning((event,))
        person = Introduction(f"zoom:{id_}", email=email, name=_full_name(registrant), partner=partner)
        return Meaning((event,), (person,))

    def _participation(self, item: Item, type_: str, side: Side) -> Meaning:
        occasion = part(item, "payload", "object")
        person = part(occasion, "participant")
        email, lasting, passing = (
            name_of(person.get("email")),
            _first(person, LASTING),
            _first(person, PASSING),
        )
        facts = {
            "type": type_,
            "contact": email or _zoom_name(lasting),
            "partner": partner_of(self.resolvers, person, self.incoming),
            "properties": _properties(occasion),
        }
        if not (facts["contact"] or facts["partner"]):
            return Meaning()  # an unknown guest, or a telephone
        who = lasting or (short_hash(email.lower()) if email else passing)
        key = joined(type_, _occasion_id(occasion), who, longest=LONGEST_KEY)
        times = {each: name for each, name in TIMES.items() if each == side or person.get(name)}
        fragments = tuple(
            Fragment(key, each, self._moment(person, name) or self._happened(item), passing or "", facts)
            for each, name in times.items()
        )
        attendance(fragments)  # what could be no event is refused now, not when somebody leaves
        return Meaning(fragments=fragments)

    def _moment(self, person: Item, name: str) -> datetime | None:
        value = person.get(name)
        return from_iso(value, name=name, received_at=self.received_at) if value else None

    def _happened(self, item: Item) -> datetime:
        return from_milliseconds(item.get("event_ts"), name="event_ts", received_at=self.received_at)


def _with_answers(registrant: Item) -> dict[str, Any]:
    """With the host's own questions by their titles: where a partner's id is asked for."""
    asked = registrant.get("custom_questions")
    answers = [each for each in asked if isinstance(each, dict)] if isinstance(asked, list) else []
    questions = {each["title"]: each.get("value") for each in answers if isinstance(each.get("title"), str)}
    return {**registrant, "questions": questions}


def _occasion_id(occasion: Item) -> str | None:
    """Of this holding of a webinar; its number is the same each week."""
    return name_of(occasion.get("uuid")) or name_of(occasion.get("id"))


def _properties(occasion: Item) -> dict[str, Any]:
    """Zoom writes the number as a number in registrations and as text elsewhere."""
    return told({"title": name_of(occasion.get("topic")), "number": name_of(occasion.get("id"))})


def _zoom_name(id_: str | None) -> str | None:
    return f"zoom:{id_}" if id_ else None


def _full_name(registrant: Item) -> str | None:
    names = (name_of(registrant.get(key)) for key in ("first_name", "last_name"))
    return " ".join(filter(None, names))[:255] or None


def _first(person: Item, names: Sequence[str]) -> str | None:
    return next(filter(None, (name_of(person.get(name)) for name in names)), None)
