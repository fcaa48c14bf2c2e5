"""Recording events: into the ledger, attributed, counted; each gets a result of its own."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from app import store
from app.errors import FieldError
from app.services.attribution import Directory, directory
from app.services.counting import Counted, Fact, count
from app.services.rulebook import Rulebook, hold_rulebook
from app.sources.event import NewEvent, contact_key
from app.store.ledger import EventKey, LedgerEvent

Where = tuple[str | None, float | None]
"""A partner and its score; neither for an event that is parked."""

EARLY = timedelta(minutes=5)
"""How far ahead of our clock a sender's may be."""

FIRST = datetime(1900, 1, 1, tzinfo=UTC)
"""The past is welcome; before this it is a fault of the sender's."""


@dataclass(frozen=True)
class Result:
    """What became of one event; `score` is the partner's once everything sent with it was counted.

    `announced` says whether webhooks are told something about the partner.
    """

    id: str | None
    status: str
    partner: str | None = None
    score: float | None = None
    handoff: str | None = None
    errors: tuple[FieldError, ...] = ()
    announced: bool = False


def record(
    connection: Connection, program: str, events: Sequence[NewEvent], *, now: datetime
) -> list[Result]:
    """Store and count `events`, each of which names its source; results in the same order.

    Events of the future are rejected and repeats are harmless, so no event can fail its neighbours.
    """
    rules = hold_rulebook(connection, program)
    rejected = {
        place: error
        for place, event in enumerate(events)
        if (error := untimely(event, now, kept_from=rules.kept_from))
    }
    people = directory(rules)
    timely = [event for place, event in enumerate(events) if place not in rejected]
    people.look_up(connection, program, (contact_key(each.contact) for each in timely if each.contact))
    candidates = [_attributed(program, people, event, now=now) for event in timely]
    first: dict[EventKey, LedgerEvent] = {}
    for event in candidates:
        first.setdefault((event.source, event.id), event)
    new = store.ledger.add_new(connection, list(first.values())) if first else set()
    stored = {key: first[key] for key in new} | store.ledger.by_keys(connection, program, first.keys() - new)
    named = {event.partner for event in stored.values() if event.partner is not None}
    people.look_up_roots(connection, program, named)
    roots = {each: people.root(each) for each in named}
    counted = _count(
        connection, rules, [event for key, event in first.items() if key in new], roots, stored, now=now
    )
    where = _where(rules, roots, counted, now=now)
    results = _results(candidates, new, stored, counted, where)
    return [
        Result(event.id, "rejected", errors=(rejected[place],)) if place in rejected else next(results)
        for place, event in enumerate(events)
    ]


def untimely(event: NewEvent, now: datetime, *, kept_from: datetime | None = None) -> FieldError | None:
    """What is wrong with the time of an event that is recorded now."""
    if event.occurred_at is None:
        return None
    if event.occurred_at > now + EARLY:
        return FieldError("occurred_at", "is in the future; check the sender's clock and time zone")
    if kept_from is not None and event.occurred_at < kept_from:
        # It may be a repeat of one that was pruned and counts already.
        return FieldError("occurred_at", f"is before {kept_from:%Y-%m-%dT%H:%MZ}; older events are pruned")
    return FieldError("occurred_at", "is before 1900") if event.occurred_at < FIRST else None


def _attributed(program: str, people: Directory, event: NewEvent, *, now: datetime) -> LedgerEvent:
    """The event as the ledger will hold it."""
    contact = contact_key(event.contact) if event.contact else None
    attribution = people.attribute(event.partner, contact)
    return LedgerEvent(
        program=program,
        source=event.source or "",
        id=event.id,
        type=event.type,
        occurred_at=min(event.occurred_at or now, now),
        received_at=now,
        partner=attribution.partner,
        contact=contact,
        persona=attribution.persona,
        verdict=event.verdict,
        verdict_reason=None if event.verdict == "human" else event.verdict_reason or "as sent",
        properties=event.properties,
        digest=event.digest(),
    )


def _count(
    connection: Connection,
    rules: Rulebook,
    events: Sequence[LedgerEvent],
    roots: dict[str, str],
    stored: dict[EventKey, LedgerEvent],
    *,
    now: datetime,
) -> Counted:
    facts = [
        Fact(roots[event.partner], event)
        for event in events
        if event.partner is not None and event.verdict == "human"
    ]
    named = {roots[event.partner] for event in stored.values() if event.partner is not None}
    return count(connection, rules, facts, now=now, also=named)


def _results(
    events: Sequence[LedgerEvent],
    new: set[EventKey],
    stored: Mapping[EventKey, LedgerEvent],
    counted: Counted,
    where: Callable[[str | None], Where],
) -> Iterator[Result]:
    told = set[EventKey]()
    for event in events:
        key = (event.source, event.id)
        status = _status(event, stored[key], is_new=key in new and key not in told)
        told.add(key)
        partner, score = where(stored[key].partner)
        handoff = counted.opened.get(key) if status == "accepted" else None
        announced = partner in counted.announced
        yield Result(event.id, status, partner=partner, score=score, handoff=handoff, announced=announced)


def _status(event: LedgerEvent, stored: LedgerEvent, *, is_new: bool) -> str:
    if stored.digest != event.digest:
        return "conflict"
    if not is_new:
        return "duplicate"
    return "parked" if stored.partner is None else "accepted"


def _where(
    rules: Rulebook, roots: Mapping[str, str], counted: Counted, *, now: datetime
) -> Callable[[str | None], Where]:
    """Tells for the identity an event is for which partner it counts for, and that one's score."""

    scores = rules.scores_now([each.stored for each in counted.standings.values()], now=now)
    of_partner = dict(zip(counted.standings, scores, strict=True))

    def where(identity: str | None) -> Where:
        if identity is None:
            return None, None
        return roots[identity], of_partner[roots[identity]]

    return where
