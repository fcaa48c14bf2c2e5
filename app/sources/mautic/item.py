"""One item of a Mautic webhook becomes an event, and what it teaches about a contact."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.sources.adapter import Incoming, Introduction, Meaning
from app.sources.event import NewEvent
from app.sources.machines import judged
from app.sources.masking import link, told
from app.sources.mautic.person import Person, person_of
from app.sources.moments import from_iso
from app.sources.names import joined, name_of
from app.sources.reading import part
from app.sources.resolving import Place, partner_of

PREFIX = "mautic."
# "Manual" is the vendor's own act.
SUBSCRIPTIONS = {
    "unsubscribed": "email.unsubscribed",
    "bounced": "email.bounced",
    "contactable": "email.resubscribed",
}

Item = Mapping[str, Any]


@dataclass(frozen=True)
class Act:
    """What an item says that a contact did. `at` names the field with the time, and has its value."""

    type: str
    id: str
    at: tuple[str, object]
    properties: Mapping[str, Any] = field(default_factory=dict)
    url: object = None
    user_agent: object = None


@dataclass(frozen=True)
class Reader:
    """Reads the items of one request, each under the name that it is listed by."""

    resolvers: Sequence[Mapping[Place, str]]
    incoming: Incoming
    received_at: datetime

    def read(self, named: Mapping[str, object]) -> Meaning:
        """What the item comes to. Raises ValueError if it cannot be counted."""
        ((name, item),) = named.items()
        if not isinstance(item, dict):
            raise ValueError(f"the item of {name} is not an object")
        act_of = ACTS.get(name.removeprefix(PREFIX))
        act = act_of(item) if act_of else None
        person = person_of(item)
        partner = partner_of(self.resolvers, person.fields, self.incoming, link=act.url if act else None)
        events = (self._event(act, person, partner),) if act else ()
        return Meaning(events, _introductions(person, partner))

    def _event(self, act: Act, person: Person, partner: str | None) -> NewEvent:
        name, value = act.at
        return NewEvent(
            id=act.id,
            type=act.type,
            occurred_at=from_iso(value, name=name, received_at=self.received_at),
            partner=partner,
            contact=person.email or person.name,
            properties=told(act.properties),
            **judged(act.type, act.user_agent),
        )


def _introductions(person: Person, partner: str | None) -> tuple[Introduction, ...]:
    """Some items have the contact's number alone: others say whose it is."""
    if person.name is None or not (person.email or partner):
        return ()
    return (Introduction(person.name, email=person.email, partner=partner),)


def _opened(item: Item) -> Act:
    stat = part(item, "stat")
    at = next((name for name in ("lastOpened", "dateRead") if stat.get(name)), None)
    return Act(
        "email.opened",
        _id("email_on_open", stat, name_of(stat.get("openCount")) or "1"),
        (at, stat[at]) if at else ("timestamp", item.get("timestamp")),
        _mail(stat),
    )


def _viewed(item: Item) -> Act:
    """Mautic has no webhook for clicks: they are views of a page that came from a mail."""
    view = part(item, "hit")
    url = view.get("url") or part(view, "redirect").get("url")
    from_mail = view.get("source") == "email"
    mail = {"message": name_of(view.get("sourceId"))} if from_mail else {}
    return Act(
        "email.clicked" if from_mail else "page.viewed",
        _id("page_on_hit", view),
        ("dateHit", view.get("dateHit")),
        {**link(url), **mail, "title": view.get("urlTitle")},
        url,
        view.get("userAgent"),
    )


def _submitted(item: Item) -> Act:
    submission = part(item, "submission")
    form = part(submission, "form")
    told_ = {**link(submission.get("referer")), "form": form.get("alias"), "title": form.get("name")}
    return Act(
        "form.submitted",
        _id("form_on_submit", submission),
        ("dateSubmitted", submission.get("dateSubmitted")),
        told_,
        submission.get("referer"),
    )


def _subscribed(item: Item) -> Act | None:
    status, channel = item.get("new_status"), item.get("channel")
    type_ = SUBSCRIPTIONS.get(status) if isinstance(status, str) else None
    if type_ is None or channel != "email":
        return None
    person = person_of(item)
    name, at = "lead_channel_subscription_changed", name_of(item.get("timestamp"))
    return Act(type_, joined(name, person.name or person.email, channel, status, at), ("timestamp", at))


def _id(name: str, of: Item, *more: object) -> str:
    id_ = name_of(of.get("id"))
    if id_ is None:
        raise ValueError("`id` is missing, so a repeat could not be told from a second event")
    return joined(name, id_, *more)


def _mail(stat: Item) -> dict[str, Any]:
    mail = part(stat, "email")
    return {"campaign": mail.get("name") or None, "message": name_of(mail.get("id"))}


# What is not here, such as points and changes of a contact, is no act; but who it is about is learnt.
ACTS: Mapping[str, Callable[[Item], Act | None]] = {
    "email_on_open": _opened,
    "page_on_hit": _viewed,
    "form_on_submit": _submitted,
    "lead_channel_subscription_changed": _subscribed,
}
