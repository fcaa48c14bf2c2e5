"""Recording events: into the ledger, attributed, counted; each gets a result of its own."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from app import store
from app.errors import FieldError
from app.services.attribution import directory
from app.services.counting import Counted, Fact, count
from app.services.entries import entry, untimely
from app.services.rulebook import Rulebook, hold_rulebook
from app.services.verdicts import Change, withdraw_unfounded
from app.sources.event import NewEvent, contact_key
from app.store.ledger import EventKey, LedgerEvent

Where = tuple[str | None, float | None]
"""A partner and its score; neither for an event that is parked."""

AT_ONCE = timedelta()

Rule = Callable[[Sequence[LedgerEvent]], list[Change]]
"""What new events, which are in the ledger already, change in their own verdicts or those of earlier ones."""


@dataclass(frozen=True)
class Result:
    """What became of one event; `score` is the partner's once everything sent with it was counted.

    `told` says whether webhooks are told something about the partner, `moved` whether the queue has changed
    by a hand-off of its own.
    """

    id: str | None
    status: str
    partner: str | None = None
    score: float | None = None
    handoff: str | None = None
    errors: tuple[FieldError, ...] = ()
    told: bool = False
    moved: bool = False


def record(
    connection: Connection, program: str, events: Sequence[NewEvent], *, now: datetime
) -> list[Result]:
    """Store and count `events`, each of which names its source; results in the same order.

    Events of the future are rejected and repeats are harmless, so no event can fail its neighbours. Each is
    taken at its word: what several of them may betray together is looked for in those of sources only.
    """
    return record_by(connection, hold_rulebook(connection, program), events, now=now)


def record_by(
    connection: Connection,
    rules: Rulebook,
    events: Sequence[NewEvent],
    *,
    settle: timedelta = AT_ONCE,
    rule: Rule | None = None,
    received_at: datetime | None = None,
    now: datetime,
) -> list[Result]:
    """`record` with a held rulebook; clicks wait for `settle` before they count, and `rule` judges.

    They are recorded as received now, or at an earlier `received_at`.
    All that changes is counted at once, so no score passes the threshold in between.
    """
    received_at = received_at or now
    rejected = {
        place: error
        for place, event in enumerate(events)
        if (error := untimely(event.occurred_at or received_at, now, kept_from=rules.kept_from))
    }
    timely = [event for place, event in enumerate(events) if place not in rejected]
    people = directory(rules)
    people.look_up(connection, rules.program, (contact_key(each.contact) for each in timely if each.contact))
    candidates = [
        entry(rules, people, event, settle=settle, received_at=received_at, now=now) for event in timely
    ]
    first: dict[EventKey, LedgerEvent] = {}
    for event in candidates:
        first.setdefault(event.key, event)
    new = store.ledger.add_new(connection, list(first.values())) if first else set()
    changes = rule([event for key, event in first.items() if key in new]) if rule else []
    stored = {key: first[key] for key in new}
    stored |= store.ledger.by_keys(connection, rules.program, first.keys() - new)
    stored |= {change.after.key: change.after for change in changes}
    named = {event.partner for event in stored.values() if event.partner is not None}
    people.look_up_roots(connection, rules.program, named)
    roots = {each: people.root(each) for each in named}
    facts = [*_new_facts(stored, new, first, roots), *_changed_facts(changes, new, roots)]
    counted = _count(connection, rules, facts, {*roots.values()}, now=now)
    where = _where(rules, roots, counted, now=now)
    results = _results(candidates, new, stored, counted, where)
    return [
        Result(event.id, "rejected", errors=(rejected[place],)) if place in rejected else next(results)
        for place, event in enumerate(events)
    ]


def _new_facts(
    stored: Mapping[EventKey, LedgerEvent],
    new: set[EventKey],
    order: Iterable[EventKey],
    roots: Mapping[str, str],
) -> list[Fact]:
    arrived = [stored[key] for key in order if key in new]
    return [
        Fact(roots[event.partner], event)
        for event in arrived
        if event.partner is not None and event.verdict == "human"
    ]


def _changed_facts(changes: Sequence[Change], new: set[EventKey], roots: Mapping[str, str]) -> list[Fact]:
    """Of earlier events; one that is new was not counted before."""
    return [
        Fact(roots[change.after.partner], change.after, times=change.times)
        for change in changes
        if change.times and change.after.partner is not None and change.after.key not in new
    ]


def _count(
    connection: Connection, rules: Rulebook, facts: Sequence[Fact], named: set[str], *, now: datetime
) -> Counted:
    """Count, and withdraw what no longer stands without the events that are taken back."""
    counted = count(connection, rules, facts, now=now, also=named)
    corrected = {fact.partner for fact in facts if fact.times < 0}
    withdrawn = withdraw_unfounded(connection, rules, corrected, now=now)
    return replace(counted, told={*counted.told, *withdrawn}, moved={*counted.moved, *withdrawn})


def _results(
    events: Sequence[LedgerEvent],
    new: set[EventKey],
    stored: Mapping[EventKey, LedgerEvent],
    counted: Counted,
    where: Callable[[str | None], Where],
) -> Iterator[Result]:
    seen = set[EventKey]()
    for event in events:
        key = event.key
        status = _status(event, stored[key], is_new=key in new and key not in seen)
        seen.add(key)
        partner, score = where(stored[key].partner)
        handoff = counted.opened.get(key) if status == "accepted" else None
        yield Result(
            event.id,
            status,
            partner=partner,
            score=score,
            handoff=handoff,
            told=partner in counted.told,
            moved=partner in counted.moved,
        )


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
