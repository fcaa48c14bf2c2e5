"""Pruning: events that are too old leave the ledger, and what they came to stays (docs/decisions/0045)."""

from collections.abc import Sequence
from datetime import UTC, datetime, time

from sqlalchemy import Connection

from app import store
from app.errors import Conflict
from app.scoring.days import date_of
from app.services.arithmetic import Counts, add_event
from app.services.rulebook import Rulebook, hold_rulebook
from app.store.ledger import LedgerEvent

AT_ONCE = 1_000
"""Events per transaction."""


def begin_pruning(connection: Connection, program: str, *, days: int, now: datetime) -> datetime:
    """Refuse, from now on, events older than so many whole days; from when on events are kept.

    That never moves back: what was pruned is gone. Raises NotFound.
    """
    # Alone: nobody may be recording by the time that was kept until now.
    rules = hold_rulebook(connection, program, alone=True)
    first_day = date_of(rules.day_of(now) - days)
    kept_from = datetime.combine(first_day, time(), rules.zone).astimezone(UTC)
    if rules.kept_from is not None and kept_from <= rules.kept_from:
        return rules.kept_from
    store.programs.set_kept_from(connection, program, kept_from)
    return kept_from


def prune_some(connection: Connection, program: str) -> int:
    """Prune the oldest events before the time that `begin_pruning` set; how many, at most AT_ONCE.

    Raises NotFound, and Conflict while a signal is being counted, which must find them.
    """
    rules = hold_rulebook(connection, program)
    if rules.kept_from is None:
        return 0
    if store.rubrics.are_counting(connection, program):
        raise Conflict(f"{program}: a signal is being counted from the old events. Prune when that is done.")
    old = store.ledger.hold_oldest(connection, program, before=rules.kept_from, limit=AT_ONCE)
    _sum_up(connection, rules, old)
    store.ledger.remove(connection, program, [event.key for event in old])
    store.fragments.remove_of(connection, program, [event.key for event in old])
    return len(old)


def _sum_up(connection: Connection, rules: Rulebook, old: Sequence[LedgerEvent]) -> None:
    """Keep what the events came to, by the identity that they came in for: a merge can be undone."""
    counts, spans = Counts(), dict[str, tuple[datetime, datetime]]()
    for event in old:
        if event.partner is None or event.verdict != "human":
            continue
        add_event(counts, rules, event.partner, event)
        first, last = spans.get(event.partner, (event.occurred_at, event.occurred_at))
        spans[event.partner] = min(first, event.occurred_at), max(last, event.occurred_at)
    store.pruned.add(
        connection,
        rules.program,
        tallies=counts.tally_rows(),
        contacts=counts.contact_rows(),
        adjustments=counts.adjustment_rows(),
        spans=spans,
    )
