"""Counting events: tallies, prices, scores and crossings, in a fixed number of statements."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection

from app import store
from app.scoring import crossing
from app.scoring.fade import landmarked
from app.scoring.fit import band_of
from app.scoring.price import change
from app.scoring.rubric import Window
from app.services.arithmetic import Counts, add_event, adjustment_of, as_adjustments, as_tallies, numbered
from app.services.pruned import latest_human
from app.services.rescoring import stored_from_tallies
from app.services.rulebook import Rulebook
from app.services.thresholds import publish_crossings
from app.store.ledger import LedgerEvent
from app.store.standings import Standing


@dataclass(frozen=True)
class Fact:
    """A human event to count for a partner, or, with `times` -1, to take back."""

    partner: str
    event: LedgerEvent
    times: int = 1


@dataclass(frozen=True)
class Counted:
    """Where the touched partners stand now, and which event, by source and id, opened which hand-off.

    `told` are the partners of whom webhooks are told, `moved` those that have another hand-off now, or none.
    """

    standings: Mapping[str, Standing] = field(default_factory=dict)
    opened: Mapping[tuple[str, str], str] = field(default_factory=dict)
    told: Collection[str | None] = ()
    moved: Collection[str] = ()


def count(
    connection: Connection,
    rules: Rulebook,
    facts: Sequence[Fact],
    *,
    now: datetime,
    also: Collection[str] = (),
    opening: bool = True,
) -> Counted:
    """Count `facts` and, if `opening`, open the hand-offs they lead to.

    `also` names partners to report on although nothing of theirs is counted.
    """
    partners = sorted({fact.partner for fact in facts} | set(also))
    if not partners:
        return Counted()
    held = store.standings.hold(connection, rules.program, partners, newcomer=rules.newcomer)
    if fresh := [each.partner for each in held.values() if each.position == 0]:
        # Nobody may have named them before; one that was never published is all that is looked at.
        store.partners.create_missing(connection, rules.program, fresh, now=now)
    counts, best = _tally(rules, facts, now=now)
    stored = _stored(connection, rules, held, counts, today=rules.day_of(now))
    _keep(connection, rules.program, counts, corrected={fact.partner for fact in facts if fact.times < 0})
    latest = _latest(connection, rules, facts, held)
    new = dict(held) | _moved(rules, held, stored, latest, now=now)
    candidates = [(new[each], event) for each, event in best.items() if opening]
    published, opened = publish_crossings(connection, rules, held, new, candidates, now=now)
    return Counted(
        standings={each.partner: each for each in published.standings},
        opened={(each.trigger.source, each.trigger.id): each.id for each in opened if each.message},
        told=published.told,
        moved={each.partner for each in opened},
    )


def _tally(rules: Rulebook, facts: Sequence[Fact], *, now: datetime) -> tuple[Counts, dict[str, LedgerEvent]]:
    """What the facts add up to, and each partner's weightiest event (the last of equals) that may trigger."""
    counts = Counts()
    best: dict[str, tuple[int, LedgerEvent]] = {}
    for fact in facts:
        matched = add_event(counts, rules, fact.partner, fact.event, times=fact.times)
        worth = rules.prices.earns(matched) + adjustment_of(fact.event)
        if (
            worth <= 0
            or fact.times < 0
            or not crossing.is_fresh(rules.rubric, fact.event.occurred_at, now=now)
        ):
            continue
        if fact.partner not in best or worth >= best[fact.partner][0]:
            best[fact.partner] = (worth, fact.event)
    return counts, {partner: event for partner, (_, event) in best.items()}


def _stored(
    connection: Connection, rules: Rulebook, held: Mapping[str, Standing], counts: Counts, *, today: int
) -> dict[str, float]:
    """The stored scores after `counts`, which are not in the tables yet."""
    partners = list(held)
    if isinstance(rules.rubric.fade, Window):
        # What has fallen out of the window since the score was stored must go too, so nothing is added to it.
        return stored_from_tallies(connection, rules, partners, counts, today=today)
    place = numbered(partners)
    before = as_tallies(store.tallies.within(connection, rules.program, _spans(rules, counts)), place)
    points = change(rules.prices, before, added=as_tallies(counts.tally_rows(), place))
    points = points.plus(as_adjustments(counts.adjustment_rows(), place).by_day())
    added = landmarked(
        rules.rubric.fade, points, landmark=rules.landmark, today=today, partners=len(partners)
    )
    return {partner: held[partner].stored + float(added[place[partner]]) for partner in partners}


def _spans(rules: Rulebook, counts: Counts) -> list[tuple[str, int, int, int]]:
    """Which stored tallies decide what `counts` change: one span for each partner and signal."""
    days: dict[tuple[str, int], tuple[int, int]] = {}
    for partner, signal, day in counts.tallies:
        _widen(days, (partner, signal), day, day)
    needed: dict[tuple[str, int], tuple[int, int]] = {}
    span = cache(rules.prices.span)  # the same for everybody, and most events are of the same days
    for (partner, signal), (first, last) in days.items():
        for each, start, end in span(signal, first, last):
            _widen(needed, (partner, each), start, end)
    return [(*key, *span) for key, span in sorted(needed.items())]


def _widen(
    spans: dict[tuple[str, int], tuple[int, int]], key: tuple[str, int], first: int, last: int
) -> None:
    known = spans.get(key, (first, last))
    spans[key] = (min(known[0], first), max(known[1], last))


def _keep(connection: Connection, program: str, counts: Counts, *, corrected: Collection[str]) -> None:
    store.tallies.add(connection, program, counts.tally_rows())
    store.tallies.add_contacts(connection, program, counts.contact_rows())
    store.tallies.add_adjustments(connection, program, counts.adjustment_rows())
    if corrected:
        store.tallies.drop_empty(connection, program, corrected)


def _latest(
    connection: Connection, rules: Rulebook, facts: Sequence[Fact], held: Mapping[str, Standing]
) -> dict[str, datetime | None]:
    """The latest event of each partner of the facts; read from the ledger where one was taken back."""
    latest: dict[str, datetime | None] = {}
    for fact in facts:
        known = latest.get(fact.partner, held[fact.partner].last_event_at)
        latest[fact.partner] = max(known, fact.event.occurred_at) if known else fact.event.occurred_at
    corrected = {fact.partner for fact in facts if fact.times < 0}
    if corrected:
        found = latest_human(connection, rules, corrected)
        latest.update({partner: found.get(partner) for partner in corrected})
    return latest


def _moved(
    rules: Rulebook,
    held: Mapping[str, Standing],
    stored: Mapping[str, float],
    latest: Mapping[str, datetime | None],
    *,
    now: datetime,
) -> dict[str, Standing]:
    """The standings of the partners in `latest` after their events, before any hand-off they open."""
    today = rules.day_of(now)
    before = rules.scores_now([held[each].stored for each in latest], now=now)
    after = rules.scores_now([stored[each] for each in latest], now=now)
    return {
        each: held[each]._replace(
            stored=stored[each],
            last_event_at=latest[each],
            band=band_of(rules.rubric, is_now),
            **_arming(rules, held[each], was, today=today),
        )
        for each, was, is_now in zip(latest, before, after, strict=True)
    }


def _arming(rules: Rulebook, held: Standing, before: float, *, today: int) -> dict[str, Any]:
    was = crossing.Standing(held.armed, held.open_handoff is not None, held.rearm_on)
    armed = crossing.rearmed(rules.rubric, was, score_before=before, today=today)
    return {"armed": armed, "rearm_on": None if armed else held.rearm_on}
