"""Changing whether an event counts: points and hand-offs follow, nothing is deleted."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from app import store
from app.errors import NotFound
from app.scoring.explain import explain
from app.services.counting import Fact, count
from app.services.facts import facts_of
from app.services.handoffs import withdraw
from app.services.rulebook import Rulebook, compiled_rubric, hold_rulebook
from app.store.ledger import LedgerEvent


@dataclass(frozen=True)
class Change:
    """An event with another verdict than before."""

    before: LedgerEvent
    after: LedgerEvent

    @property
    def times(self) -> int:
        """How often the event is to be counted for that: -1 takes it back."""
        return (self.after.verdict == "human") - (self.before.verdict == "human")


def judge(connection: Connection, changes: Sequence[Change]) -> None:
    """Write changes of events that are held; counting them is left to the caller."""
    if changes:
        store.ledger.judge(connection, [change.after for change in changes])


def change_verdict(
    connection: Connection,
    program: str,
    source: str,
    event: str,
    *,
    verdict: str,
    reason: str,
    by: str,
    now: datetime,
) -> LedgerEvent:
    """Give an event another verdict, which is a person's word: no rule changes it again. Raises NotFound."""
    rules = hold_rulebook(connection, program)
    known = store.ledger.hold(connection, program, source, [event]).get(event)
    if known is None:
        raise NotFound(f"There is no event {event!r} of source {source!r} in this program.")
    change = Change(known, known._replace(verdict=verdict, verdict_reason=reason, judged_by=by))
    judge(connection, [change])
    root = _root(connection, program, known)
    if root is not None and change.times:
        # Judging the past opens no hand-off: a person is looking at this partner already.
        count(connection, rules, [Fact(root, known, times=change.times)], now=now, opening=False)
        if change.times < 0:
            withdraw_unfounded(connection, rules, [root], now=now)
    return change.after


def _root(connection: Connection, program: str, event: LedgerEvent) -> str | None:
    if event.partner is None:
        return None
    return store.partners.roots(connection, program, {event.partner})[event.partner]


def withdraw_unfounded(
    connection: Connection, rules: Rulebook, partners: Collection[str], *, now: datetime
) -> set[str]:
    """Close the unclaimed hand-offs of `partners` that what is left would not have opened; whose they were.

    The partners' standings must be held.
    """
    withdrawn = set()
    for row in _unclaimed(connection, rules, partners):
        left = _score_at_opening(connection, rules, row)
        # One that had to wait may have opened at less than the threshold.
        needed = min(row.threshold, row.score)
        if left < needed:
            reason = f"without the events that no longer count, the score was {left:g} of {needed:g}"
            withdraw(connection, rules, row, reason=reason, now=now)
            withdrawn.add(row.partner)
    return withdrawn


def _unclaimed(connection: Connection, rules: Rulebook, partners: Collection[str]) -> Iterable[Any]:
    if not partners:
        return ()
    rows = store.handoffs.open_of_partners(connection, rules.program, sorted(partners))
    return (row for row in rows if row.state != "claimed")


def _score_at_opening(connection: Connection, rules: Rulebook, row: Any) -> float:
    rubric, prices = compiled_rubric(connection, rules.program, row.rubric_version)
    tallies, adjusted = facts_of(connection, rules.program, [row.partner])
    opened = rules.day_of(row.opened_at or row.crossed_at)
    return explain(rubric, prices, tallies, adjustments=adjusted, as_of=opened).score
