"""Scores from scratch: from the tallies, and the tallies themselves from the ledger."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from app import store
from app.scoring.explain import scores
from app.scoring.fade import score_of
from app.scoring.fit import FitTable, band_of, grade_rank
from app.services.arithmetic import Counts, add_event, as_adjustments, as_tallies, numbered
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
    tallies = as_tallies(store.tallies.of_partners(connection, rules.program, partners), place)
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
    quiet: bool = False,
) -> None:
    """Bring the standings of `partners` to what tallies and attributes say; opens no hand-off."""
    if not partners:
        return
    ordered = sorted(partners)
    held = store.standings.hold(
        connection, rules.program, [rules.newcomer._replace(partner=e) for e in ordered]
    )
    stored = stored_from_tallies(connection, rules, ordered, today=rules.day_of(now))
    latest = store.ledger.latest_human(connection, rules.program, ordered)
    fits = _fits(connection, rules, ordered)
    new = [
        _rescored(rules, held[each], stored[each], now=now)._replace(
            last_event_at=latest.get(each), **fits[each]
        )
        for each in ordered
    ]
    publish(connection, rules, held, new, now=now, quiet=quiet)


def recount(
    connection: Connection, rules: Rulebook, partners: Collection[str], *, signals: Collection[int]
) -> None:
    """Count `signals`, contacts and adjustments of `partners` anew from the ledger."""
    counts = counts_from_ledger(connection, rules, partners)
    wanted = set(signals)
    store.tallies.clear(connection, rules.program, partners, wanted)
    store.tallies.clear_people(connection, rules.program, partners)
    rows = [row for row in counts.tally_rows() if row[1] in wanted]
    for some in store.tallies.in_pages(rows):
        store.tallies.add(connection, rules.program, some)
    store.tallies.add_contacts(connection, rules.program, counts.contact_rows())
    store.tallies.add_adjustments(connection, rules.program, counts.adjustment_rows())


def counts_from_ledger(connection: Connection, rules: Rulebook, partners: Collection[str]) -> Counts:
    """What the human events of `partners` add up to; the ledger is read in pages."""
    counts = Counts()
    for partner, event in store.ledger.of_partners(connection, rules.program, partners):
        if event.verdict == "human":
            add_event(counts, rules, partner, event)
    return counts


def _rescored(rules: Rulebook, held: Standing, stored: float, *, now: datetime) -> Standing:
    score = score_of(rules.rubric, stored, landmark=rules.landmark, today=rules.day_of(now))
    return held._replace(stored=stored, band=band_of(rules.rubric, score))


def _fits(connection: Connection, rules: Rulebook, partners: Sequence[str]) -> dict[str, dict[str, Any]]:
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
