"""Queries on the clicks of the ledger: those near others, and those that wait before they count."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, literal_column, select

from app.models import events
from app.store.ledger import LedgerEvent
from app.store.recordset import recordset

_COLUMNS = [events.c[name] for name in LedgerEvent._fields]
# Spelt out: with a parameter in its place neither database would know that its partial index has them all.
_CLICKED = events.c.type == literal_column("'email.clicked'")
_SETTLING = events.c.verdict == literal_column("'settling'")


class Window(NamedTuple):
    """A time, both ends included, in which a contact's clicks are looked for."""

    contact: str
    first: datetime
    last: datetime


def within(connection: Connection, program: str, source: str, windows: Sequence[Window]) -> list[LedgerEvent]:
    """The clicks that came from a source in these windows, of which no two overlap."""
    first, last = events.c.occurred_at.label("first"), events.c.occurred_at.label("last")
    wanted = recordset(connection, (events.c.contact, first, last), windows)
    theirs = and_(
        events.c.program == program,
        _CLICKED,
        events.c.contact == wanted.c.contact,
        events.c.occurred_at.between(wanted.c.first, wanted.c.last),
        events.c.source == source,
    )
    # Outer, so that SQLite looks up each window instead of walking all clicks for each.
    query = select(*_COLUMNS).join_from(wanted, events, theirs, isouter=True)
    rows: Sequence[Any] = connection.execute(query).all()
    return [LedgerEvent(*row) for row in rows if row.id is not None]


def programs_due(connection: Connection, *, now: datetime) -> list[str]:
    """The programs that have clicks whose time to wait is over."""
    query = select(events.c.program).distinct().where(_SETTLING, events.c.settles_at <= now)
    return list(connection.scalars(query))


def due(connection: Connection, program: str, *, now: datetime, limit: int) -> list[LedgerEvent]:
    """Clicks whose time to wait is over, those whose time was over first."""
    query = select(*_COLUMNS).where(events.c.program == program, _SETTLING, events.c.settles_at <= now)
    rows = connection.execute(query.order_by(events.c.settles_at).limit(limit))
    return [LedgerEvent(*row) for row in rows]
