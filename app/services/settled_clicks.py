"""Clicks that had to wait count once their time is over, unless a burst has made them a machine's."""

from datetime import datetime

from sqlalchemy import Connection

from app import store
from app.services.counting import Fact, count
from app.services.rulebook import hold_rulebook
from app.services.verdicts import Change, judge

CLICKS_AT_ONCE = 1_000


def count_settled(connection: Connection, program: str, *, now: datetime) -> int:
    """Count the next clicks of the program whose time is over; how many were looked at, 0 if none is left.

    Hand-offs open as for any event.
    """
    rules = hold_rulebook(connection, program)
    due = store.clicks.due(connection, program, now=now, limit=CLICKS_AT_ONCE)
    if not due:
        return 0
    # Whoever judges a burst holds its contacts, too: what is still settling after that is in none.
    store.locks.hold(connection, program, "contact", {click.contact for click in due if click.contact})
    changes = [
        Change(click, click._replace(verdict="human", verdict_reason=None))
        for source in sorted({click.source for click in due})
        for click in store.ledger.hold(
            connection, program, source, [each.id for each in due if each.source == source]
        ).values()
        if click.verdict == "settling"
    ]
    judge(connection, changes)
    attributed = [change.after for change in changes if change.after.partner is not None]
    roots = store.partners.roots(connection, program, {str(click.partner) for click in attributed})
    count(connection, rules, [Fact(roots[str(click.partner)], click) for click in attributed], now=now)
    return len(due)
