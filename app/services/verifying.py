"""Proof that caches are caches: everything derived, rebuilt from the ledger and compared."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from app import store
from app.scoring.fade import score_of
from app.scoring.fit import FitTable, band_of
from app.services.arithmetic import Counts
from app.services.pruned import latest_human
from app.services.rescoring import counts_from_ledger, stored_from_tallies
from app.services.rulebook import Rulebook, rulebook
from app.store.standings import Standing

PARTNERS_AT_ONCE = 500
# A stored score is a running sum of floats; what people see has 6 decimals.
TOLERANCE = 2e-6


@dataclass(frozen=True)
class Difference:
    """Something derived that is not what the ledger says."""

    partner: str
    what: str
    stored: object
    rebuilt: object


def verify(
    connection: Connection, program: str, *, after: str, now: datetime
) -> tuple[list[Difference], str | None]:
    """Compare the next partners, in id order, with the ledger; the partner to go on after (None: done).

    Writes nothing. All of it must run in one snapshot with what it is compared to.
    """
    rules = rulebook(connection, program)
    partners = store.partners.page_of_ids(connection, program, after=after, limit=PARTNERS_AT_ONCE)
    counts = counts_from_ledger(connection, rules, partners)
    differences = [
        *_compare_counts(connection, rules, partners, counts),
        *_compare_standings(connection, rules, partners, now=now),
        *_compare_handoffs(connection, rules, partners),
    ]
    return differences, partners[-1] if len(partners) == PARTNERS_AT_ONCE else None


def _compare_counts(
    connection: Connection, rules: Rulebook, partners: Sequence[str], counts: Counts
) -> Iterator[Difference]:
    program = rules.program
    tallied, adjusted = store.tallies.of_partners(connection, program, partners)
    yield from _compare("tally", tallied, counts.tally_rows())
    yield from _compare(
        "contact tally", store.tallies.contacts_of(connection, program, partners), counts.contact_rows()
    )
    yield from _compare("adjustment", adjusted, counts.adjustment_rows())


def _compare(
    what: str, stored: Iterable[Sequence[Any]], rebuilt: Iterable[Sequence[Any]]
) -> Iterator[Difference]:
    kept, wanted = (Counter({tuple(row[:-1]): row[-1] for row in rows}) for rows in (stored, rebuilt))
    for key in sorted(kept.keys() | wanted.keys(), key=str):
        if kept[key] != wanted[key]:
            yield Difference(key[0], f"{what} {key[1:]}", kept[key], wanted[key])


def _compare_standings(
    connection: Connection, rules: Rulebook, partners: Sequence[str], *, now: datetime
) -> Iterator[Difference]:
    held = store.standings.get_many(connection, rules.program, partners)
    latest = latest_human(connection, rules, partners)
    known = store.partners.get_many(connection, rules.program, partners)
    # Stored scores are as of the day that fading was settled last, or of a later event.
    today = rules.day_of(now)
    stored = stored_from_tallies(connection, rules, partners, today=today)
    table = FitTable(rules.rubric)
    for partner in partners:
        standing = held.get(partner, rules.newcomer)
        before, after = (
            score_of(rules.rubric, each, landmark=rules.landmark, today=today)
            for each in (standing.stored, stored[partner])
        )
        if abs(before - after) > TOLERANCE:
            yield Difference(partner, "score", before, after)
        elif standing.band != band_of(rules.rubric, before) and standing.band != band_of(rules.rubric, after):
            yield Difference(partner, "band", standing.band, band_of(rules.rubric, after))
        if standing.last_event_at != latest.get(partner):
            yield Difference(partner, "last event", standing.last_event_at, latest.get(partner))
        grade = table.fit_of(known[partner].attributes).grade
        if standing.grade != grade:
            yield Difference(partner, "grade", standing.grade, grade)


def _compare_handoffs(
    connection: Connection, rules: Rulebook, partners: Sequence[str]
) -> Iterator[Difference]:
    held = store.standings.get_many(connection, rules.program, partners)
    unfinished = {
        row.partner: row.id for row in store.handoffs.open_of_partners(connection, rules.program, partners)
    }
    for partner in partners:
        standing: Standing = held.get(partner, rules.newcomer)
        if standing.open_handoff != unfinished.get(partner):
            yield Difference(partner, "open hand-off", standing.open_handoff, unfinished.get(partner))
