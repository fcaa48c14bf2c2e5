"""Which partners cross the hand-off threshold; gates are looked up only for those whose score suffices."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from app import store
from app.scoring import crossing
from app.scoring.rubric import Gates
from app.scoring.signal import Signal
from app.services.engagement import engaged_contacts
from app.services.opening import Crossing, Opened, open_handoffs
from app.services.publishing import Published, publish
from app.services.rulebook import Rulebook
from app.store.ledger import LedgerEvent
from app.store.standings import Standing


def crossings(
    connection: Connection,
    rules: Rulebook,
    candidates: Sequence[tuple[Standing, LedgerEvent]],
    *,
    now: datetime,
) -> list[Crossing]:
    """Those of the partners, each with the event that may trigger, that cross now."""
    terms, today = rules.rubric.handoff, rules.day_of(now)
    if terms is None:
        return []
    scores = rules.scores_now([standing.stored for standing, _ in candidates], now=now)
    reaching = [
        (standing, score, trigger)
        for (standing, trigger), score in zip(candidates, scores, strict=True)
        if score >= terms.at and standing.armed
    ]
    if not reaching:
        return []
    known = store.partners.get_many(connection, rules.program, [each.partner for each, _, _ in reaching])
    able = [
        Crossing(standing, score, trigger, name=partner.name, owner=partner.owner)
        for standing, score, trigger in reaching
        if (partner := known[standing.partner]).archived_at is None
    ]
    partners = [each.standing.partner for each in able]
    contacts = _contacts(connection, rules.program, partners, terms.gates, today=today)
    types = _recent_types(connection, rules.program, partners, terms.gates, today=today)
    return [
        each
        for each in able
        if crossing.crosses(
            rules.rubric,
            armed=each.standing.armed,
            score_after=each.score,
            grade=each.standing.grade,
            contacts=contacts.get(each.standing.partner, 0),
            recent_types=types.get(each.standing.partner, set()),
        )
    ]


def publish_crossings(
    connection: Connection,
    rules: Rulebook,
    held: Mapping[str, Standing],
    new: dict[str, Standing],
    candidates: Sequence[tuple[Standing, LedgerEvent]],
    *,
    now: datetime,
    most: int | None = None,
) -> tuple[Published, list[Opened]]:
    """Make hand-offs of those that cross, the first `most` of them, and publish `new` over `held`."""
    crossing_now = crossings(connection, rules, candidates, now=now)[:most]
    opened = open_handoffs(connection, rules, crossing_now, now=now)
    for each in opened:
        new[each.partner] = new[each.partner]._replace(armed=False, rearm_on=None, open_handoff=each.id)
    messages = [each.message for each in opened if each.message is not None]
    return publish(connection, rules, held, list(new.values()), messages, now=now), opened


def _contacts(
    connection: Connection, program: str, partners: Collection[str], gates: Gates, *, today: int
) -> dict[str, int]:
    if not gates.min_contacts:
        return {}
    first = today - gates.contacts_within_days + 1
    return engaged_contacts(connection, program, partners, first=first, last=today)


def _recent_types(
    connection: Connection, program: str, partners: Collection[str], gates: Gates, *, today: int
) -> dict[str, set[str]]:
    """The types of `require_any` that happened; each is a bare signal of its own, so tallies know."""
    keys = {Signal(on=each, where={}, who=()).key: each for each in gates.require_any}
    first = today - gates.within_days + 1
    spans = [(partner, key, first, today) for partner in partners for key in keys]
    found: dict[str, set[str]] = {}
    for partner, key, _day, count in store.tallies.within(connection, program, spans):
        if count > 0:
            found.setdefault(partner, set()).add(keys[key])
    return found
