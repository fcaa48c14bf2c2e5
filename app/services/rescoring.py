"""Scores from scratch: from the tallies, and the tallies themselves from the ledger."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from app import store
from app.scoring import crossing
from app.scoring.explain import scores
from app.scoring.fade import score_of
from app.scoring.fit import FitTable, band_of, grade_rank
from app.services.arithmetic import Counts, add_event, as_adjustments, as_tallies, numbered
from app.services.pruned import add_pruned
from app.services.publishing import publish
from app.services.rulebook import Rulebook
from app.store.standings import Standing


def stored_from_tallies(
    connection: Connection,
    rules: Rulebook,
    partners: Sequence[str],
    added: Counts | None = None,
    *,
    today: int,
) -> dict[str, float]:
    """The stored score of each partner, from all its tallies and what is `added` to them."""
    place, added = numbered(partners), added or Counts()
    tallies = store.tallies.arrays_of(connection, rules.program, partners)
    adjusted = as_adjustments(store.tallies.adjustments_of(connection, rules.program, partners), place)
    stored = scores(
        rules.rubric,
        rules.prices,
        tallies.plus(as_tallies(added.tally_rows(), place)),
        adjustments=adjusted.plus(as_adjustments(added.adjustment_rows(), place)),
        landmark=rules.landmark,
        today=today,
        partners=len(partners),
    )
    return {partner: float(stored[place[partner]]) for partner in partners}


def rescore(
    connection: Connection,
    rules: Rulebook,
    partners: Collection[str],
    *,
    now: datetime,
    latest: Mapping[str, datetime] | None = None,
) -> None:
    """Bring the standings of `partners` to what tallies and attributes say; opens no hand-off.

    `latest` has their latest human events, if those may have changed.
    """
    held = hold_standings(connection, rules, partners)
    stored = stored_from_tallies(connection, rules, list(held), today=rules.day_of(now))
    fits = fits_of(connection, rules, list(held))
    new = [
        _rescored(rules, standing, stored[each], now=now)._replace(**fits[each])
        for each, standing in held.items()
    ]
    if latest is not None:
        new = [each._replace(last_event_at=latest.get(each.partner)) for each in new]
    publish(connection, rules, held, new, now=now)


def refit(connection: Connection, rules: Rulebook, partners: Collection[str], *, now: datetime) -> None:
    """Bring fit and grade of `partners` to what their attributes say; creates missing standings."""
    held = hold_standings(connection, rules, partners)
    fits = fits_of(connection, rules, list(held))
    publish(connection, rules, held, [held[each]._replace(**fits[each]) for each in held], now=now)


def recount(
    connection: Connection,
    rules: Rulebook,
    partners: Collection[str],
    *,
    signals: Collection[int],
    people: bool = True,
) -> Counts:
    """Count `signals` and, if `people`, contacts and adjustments of `partners` anew from the ledger."""
    counts = counts_from_ledger(connection, rules, partners)
    wanted = set(signals)
    store.tallies.clear(connection, rules.program, partners, wanted)
    rows = [row for row in counts.tally_rows() if row[1] in wanted]
    for some in store.tallies.in_pages(rows):
        store.tallies.add(connection, rules.program, some)
    if people:
        store.tallies.clear_people(connection, rules.program, partners)
        store.tallies.add_contacts(connection, rules.program, counts.contact_rows())
        store.tallies.add_adjustments(connection, rules.program, counts.adjustment_rows())
    return counts


def counts_from_ledger(connection: Connection, rules: Rulebook, partners: Collection[str]) -> Counts:
    """What the human events of `partners` add up to, pruned ones too; the ledger is read in pages."""
    counts = Counts()
    for partner, event in store.ledger.of_partners(connection, rules.program, partners):
        if event.verdict == "human":
            add_event(counts, rules, partner, event)
    add_pruned(connection, rules, counts, partners)
    return counts


def hold_standings(connection: Connection, rules: Rulebook, partners: Collection[str]) -> dict[str, Standing]:
    """The partners' standings, locked, in partner order."""
    if not partners:
        return {}
    held = store.standings.hold(connection, rules.program, partners, newcomer=rules.newcomer)
    return {each: held[each] for each in sorted(held)}


def _rescored(rules: Rulebook, held: Standing, stored: float, *, now: datetime) -> Standing:
    today = rules.day_of(now)
    score = score_of(rules.rubric, stored, landmark=rules.landmark, today=today)
    was = crossing.Standing(held.armed, held.open_handoff is not None, held.rearm_on)
    armed = crossing.armed_on(was, today)
    rearm_on = None if armed else held.rearm_on
    return held._replace(stored=stored, band=band_of(rules.rubric, score), armed=armed, rearm_on=rearm_on)


def fits_of(connection: Connection, rules: Rulebook, partners: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Fit, grade and its rank of each partner, as columns of its standing."""
    table = FitTable(rules.rubric)
    known = store.partners.get_many(connection, rules.program, partners)
    found = {}
    for each in partners:
        fit = table.fit_of(known[each].attributes if each in known else {})
        found[each] = {
            "fit": fit.points,
            "grade": fit.grade,
            "grade_rank": grade_rank(rules.rubric, fit.grade),
        }
    return found
