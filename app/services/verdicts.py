"""Changing whether an event counts: points and hand-offs follow, nothing is deleted."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from app import store
from app.errors import NotFound
from app.scoring.explain import explain
from app.services.arithmetic import as_adjustments, as_tallies
from app.services.counting import Fact, count
from app.services.handoffs import withdraw
from app.services.rulebook import Rulebook, compiled_rubric, hold_rulebook
from app.store.ledger import LedgerEvent


def change_verdict(
    connection: Connection, program: str, source: str, event: str, *, verdict: str, reason: str, now: datetime
) -> LedgerEvent:
    """Give an event another verdict. Raises NotFound."""
    rules = hold_rulebook(connection, program)
    key = (source, event)
    known = store.ledger.hold(connection, program, key)
    if known is None:
        raise NotFound(f"There is no event {event!r} of source {source!r} in this program.")
    store.ledger.judge(connection, program, key, verdict=verdict, reason=reason)
    root = _root(connection, program, known)
    change = (verdict == "human") - (known.verdict == "human")
    if root is not None and change:
        # Judging the past opens no hand-off: a person is looking at this partner already.
        count(connection, rules, [Fact(root, known, times=change)], now=now, opening=False)
        if change < 0:
            _withdraw_if_unfounded(connection, rules, root, now=now)
    return known._replace(verdict=verdict, verdict_reason=reason)


def _root(connection: Connection, program: str, event: LedgerEvent) -> str | None:
    if event.partner is None:
        return None
    return store.partners.roots(connection, program, {event.partner})[event.partner]


def _withdraw_if_unfounded(connection: Connection, rules: Rulebook, partner: str, *, now: datetime) -> None:
    """Close the partner's unclaimed hand-off if what is left would not have opened it."""
    for row in store.handoffs.open_of_partners(connection, rules.program, [partner]):
        left = _score_at_opening(connection, rules, row)
        # One that had to wait may have opened at less than the threshold.
        needed = min(row.threshold, row.score)
        if row.state != "claimed" and left < needed:
            reason = f"without the events that were not a person's, the score was {left:g} of {needed:g}"
            withdraw(connection, rules, row, reason=reason, now=now)


def _score_at_opening(connection: Connection, rules: Rulebook, row: Any) -> float:
    partner, place = row.partner, {row.partner: 0}
    rubric, prices = compiled_rubric(connection, rules.program, row.rubric_version)
    return explain(
        rubric,
        prices,
        as_tallies(store.tallies.of_partners(connection, rules.program, [partner]), place),
        adjustments=as_adjustments(store.tallies.adjustments_of(connection, rules.program, [partner]), place),
        as_of=rules.day_of(row.opened_at or row.crossed_at),
    ).score
