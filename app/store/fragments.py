"""Queries on fragments of attendance."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, delete, select, tuple_, update

from app.models import fragments
from app.store.recordset import among, insert_rows, recordset

Identity = tuple[str, datetime, str]
"""What tells a fragment from the others of its key: part, time and session."""


class FragmentRow(NamedTuple):
    """A fragment; columns as in the table."""

    program: str
    source: str
    key: str
    part: Literal["joined", "left"]
    at: datetime
    session: str
    contact: str | None
    facts: dict[str, Any]
    event: str

    @property
    def identity(self) -> Identity:
        """What tells it from the others of its key."""
        return self.part, self.at, self.session


_COLUMNS = [fragments.c[name] for name in FragmentRow._fields]


def of_keys(connection: Connection, program: str, source: str, keys: Collection[str]) -> list[FragmentRow]:
    """All fragments of these attendances."""
    query = select(*_COLUMNS).where(
        fragments.c.program == program, fragments.c.source == source, among(connection, fragments.c.key, keys)
    )
    return [FragmentRow(*row) for row in connection.execute(query)]


def save(connection: Connection, rows: Sequence[FragmentRow]) -> None:
    """Store fragments that are new, or of which something else is known now."""
    statement = insert_rows(connection, fragments, _COLUMNS, rows)
    changed = {name: statement.excluded[name] for name in ("contact", "facts", "event")}
    connection.execute(
        statement.on_conflict_do_update(index_elements=list(fragments.primary_key), set_=changed)
    )


def remove_of(connection: Connection, program: str, events: Collection[tuple[str, str]]) -> None:
    """Delete the fragments that came to these events, given by source and id."""
    gone = recordset(connection, (fragments.c.source, fragments.c.event), events)
    connection.execute(
        delete(fragments).where(
            fragments.c.program == program, tuple_(fragments.c.source, fragments.c.event).in_(select(gone))
        )
    )


def erase_person(connection: Connection, program: str, names: Collection[str], tombstone: str) -> None:
    """Let the fragments of an erased person carry a name that says nothing."""
    connection.execute(
        update(fragments)
        .where(fragments.c.program == program, among(connection, fragments.c.contact, names))
        .values(contact=tombstone)
    )
