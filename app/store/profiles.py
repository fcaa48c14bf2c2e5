"""Queries on what goes with a score: whom a partner counts for, and the attributes and state of that one."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Executable, Table, bindparam, select

from app.models import partners, standings
from app.store.recordset import Given, prepared


class Profile(NamedTuple):
    """Of the partner that one's events count for; one that has done nothing yet has no `armed`."""

    root: str
    attributes: Mapping[str, Any]
    armed: bool | None
    last_event_at: datetime | None


def of_partners(connection: Connection, program: str, ids: Collection[str]) -> dict[str, Profile]:
    """The profiles of those that there are, by id."""
    found = _of_partners(connection, [(each,) for each in ids], program=program).all()
    return {row[0]: Profile(*row[1:]) for row in found if row.root is not None}


@prepared(partners.c.id)
def _of_partners(given: Given) -> Executable:
    def value(table: Table, name: str, key: ColumnElement[str], of: ColumnElement[str]) -> Any:
        return (
            select(table.c[name]).where(table.c.program == bindparam("program"), key == of).scalar_subquery()
        )

    # No joins, for which a PostgreSQL without statistics may read all partners of the program.
    wanted = given.rows
    root = value(partners, "counts_for", partners.c.id, wanted.c.id).label("root")
    # The offset says that the root is looked up once, and not wherever it is used.
    known = select(wanted.c.id, root).offset(0).subquery()
    return select(
        known.c.id,
        known.c.root,
        value(partners, "attributes", partners.c.id, known.c.root),
        value(standings, "armed", standings.c.partner, known.c.root),
        value(standings, "last_event_at", standings.c.partner, known.c.root),
    )
