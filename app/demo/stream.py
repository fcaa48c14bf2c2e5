"""The fortnight as the service sees it: requests in the order of time, up to a given now."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Any, Literal

from app.demo import mail
from app.demo.stories import DEALS, HOT, HOT_PARTNERS, MAILINGS, Act, delivered, opened, quiet
from app.demo.world import Contact, Partner

Feed = Literal["events", "sendgrid"]

REPEAT_EVERY = 9
SATURDAY = 5
STRANGERS = ("lou.marsh@unlisted-reseller.example", "kim.holt@unlisted-reseller.example")
SOURCES = {"page": "website", "webinar": "webinars", "tradeshow": "badge-scanner"}


@dataclass(frozen=True)
class Batch:
    """One request: SendGrid's items or our own events, sent at that time."""

    at: datetime
    feed: Feed
    items: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class _Moment:
    """An act with its time and its doer; `partner` is set where the mail's sender wrote it into the mail."""

    at: datetime
    act: Act
    email: str
    partner: str | None


def fortnight(partners: list[Partner], *, now: datetime, seed: int) -> list[Batch]:
    """Everything that happened, in order; now and then a platform sends a batch a second time."""
    random = Random(seed)
    moments = sorted(_moments(partners, random, now=now), key=lambda moment: (moment.at, moment.email))
    return list(_with_repeats(sorted(_batches(moments), key=lambda batch: batch.at)))


def _moments(partners: list[Partner], random: Random, *, now: datetime) -> Iterator[_Moment]:
    hot = random.sample(partners, HOT_PARTNERS)
    for partner in partners:
        acts = HOT[hot.index(partner) % len(HOT)] if partner in hot else quiet(random)
        # Two senders in three fill in the custom argument; the others are found by the contact.
        named = partner.id if random.random() < 0.67 else None
        for act in (*_deliveries(partner.contacts, acts), *acts):
            email = partner.contacts[act.who % len(partner.contacts)].email
            yield _Moment(_when(act, now=now, random=random), act, email, named)
    for email in STRANGERS:
        yield _Moment(_when(opened(DEALS), now=now, random=random), opened(DEALS), email, None)


def _deliveries(contacts: tuple[Contact, ...], acts: tuple[Act, ...]) -> Iterator[Act]:
    bounced = {(act.properties["campaign"], act.who) for act in acts if act.type == "email.bounced"}
    for mailing in MAILINGS:
        yield from (delivered(mailing, who) for who in range(len(contacts)) if (mailing, who) not in bounced)


def _when(act: Act, *, now: datetime, random: Random) -> datetime:
    """On a working day and never ahead of now; up to five minutes after the act's hour."""
    day = (now.astimezone(UTC) - timedelta(days=act.days_ago)).date()
    at = datetime.combine(day, time(), UTC) + timedelta(hours=act.hour, minutes=random.uniform(0, 5))
    while at > now or at.weekday() >= SATURDAY:
        at -= timedelta(days=1)
    return at.replace(microsecond=0)


def _batches(moments: list[_Moment]) -> Iterator[Batch]:
    """A batch for each hour and feed, sent when the last of it happened."""
    hours: dict[tuple[datetime, Feed], list[tuple[datetime, dict[str, Any]]]] = {}
    for number, moment in enumerate(moments):
        feed, item = _request_item(moment, number)
        hour = moment.at.replace(minute=0, second=0)
        hours.setdefault((hour, feed), []).append((moment.at, item))
    for (_, feed), entries in hours.items():
        yield Batch(entries[-1][0], feed, tuple(item for _, item in entries))


def _request_item(moment: _Moment, number: int) -> tuple[Feed, dict[str, Any]]:
    act, at, email = moment.act, moment.at, moment.email
    if act.type in mail.EVENTS:
        return "sendgrid", mail.item(act, at, number=number, email=email, partner=moment.partner)
    return "events", {
        "id": f"demo-{number:05}",
        "type": act.type,
        "occurred_at": at.isoformat(),
        "contact": email,
        "source": SOURCES[act.type.partition(".")[0]],
        "properties": act.properties,
    }


def _with_repeats(batches: list[Batch]) -> Iterator[Batch]:
    for number, batch in enumerate(batches, start=1):
        yield batch
        if number % REPEAT_EVERY == 0:
            yield batch
