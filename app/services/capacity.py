"""The desk's capacity: how many more hand-offs may be opened this week."""

from datetime import datetime

from sqlalchemy import Connection

from app import store
from app.scoring.days import week_start
from app.scoring.rubric import Handoff as Terms
from app.services.rulebook import Rulebook


def places_left(
    connection: Connection, rules: Rulebook, terms: Terms, *, now: datetime, in_line: bool = False
) -> int | None:
    """How many places are left for newcomers, or for those `in_line`, who go first; None is no limit.

    A hand-off that was withdrawn gives its place back.
    """
    if terms.per_week is None:
        return None
    since = week_start(now, rules.zone)
    opened, waiting = store.handoffs.count_places(connection, rules.program, since=since)
    return max(0, terms.per_week - opened - (0 if in_line else waiting))


def hold_places(
    connection: Connection, rules: Rulebook, terms: Terms, *, now: datetime, in_line: bool = False
) -> int | None:
    """`places_left`, of which nobody else takes one until the transaction ends."""
    if terms.per_week is not None:
        store.programs.hold_queue(connection, rules.program)
    return places_left(connection, rules, terms, now=now, in_line=in_line)
