"""Queries on contacts and their names."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, Executable, bindparam, delete, func, select

from app.models import contact_names, contacts
from app.store.recordset import Given, among, insert_rows, prepared


class Contact(NamedTuple):
    """A person at a partner: what somebody put, and what platforms told, which holds where nobody did."""

    id: str
    email: str | None = None
    partner: str | None = None
    name: str | None = None
    persona: str | None = None
    learnt_partner: str | None = None
    learnt_name: str | None = None
    learnt: bool = True

    @property
    def known_partner(self) -> str | None:
        """The partner that was put, else the one that was told."""
        return self.partner or self.learnt_partner

    @property
    def known_name(self) -> str | None:
        """The name that was put, else the one that was told."""
        return self.name or self.learnt_name


_COLUMNS = [contacts.c[name] for name in Contact._fields]


def known(connection: Connection, program: str, names: Collection[str]) -> dict[str, Contact]:
    """Contacts by each of `names` that is one of theirs."""
    if not names:
        return {}
    found = _known(connection, [(each,) for each in names], program=program).all()
    return {row[0]: Contact(*row[1:]) for row in found}


@prepared(contact_names.c.name)
def _known(given: Given) -> Executable:
    table = contact_names.c
    return (
        select(table.name.label("known_as"), *_COLUMNS)
        .join_from(
            contact_names,
            contacts,
            (contacts.c.program == table.program) & (contacts.c.id == table.contact),
        )
        .where(table.program == bindparam("program"), given.among(table.name))
    )


def names_of(connection: Connection, program: str, ids: Collection[str]) -> dict[str, list[str]]:
    """All names of each of these contacts, sorted."""
    if not ids:
        return {}
    found: dict[str, list[str]] = {}
    for contact, name in _names_of(connection, [(each,) for each in ids], program=program).all():
        found.setdefault(contact, []).append(name)
    return {contact: sorted(names) for contact, names in found.items()}


@prepared(contact_names.c.contact)
def _names_of(given: Given) -> Executable:
    table = contact_names.c
    return select(table.contact, table.name).where(
        table.program == bindparam("program"), given.among(table.contact)
    )


def sizes(connection: Connection, program: str, ids: Collection[str]) -> dict[str, int]:
    """How many names each of these contacts has."""
    if not ids:
        return {}
    table = contact_names.c
    query = (
        select(table.contact, func.count())
        .where(table.program == program, among(connection, table.contact, ids))
        .group_by(table.contact)
    )
    return dict(connection.execute(query).fetchall())


def save(connection: Connection, program: str, people: Collection[Contact], *, now: datetime) -> None:
    """Create or replace contacts; their names are another matter."""
    if not people:
        return
    columns = [contacts.c.program, *_COLUMNS, contacts.c.created_at, contacts.c.updated_at]
    statement = insert_rows(
        connection, contacts, columns, [(program, *each, now, now) for each in sorted(people)]
    )
    changed = {name: statement.excluded[name] for name in (*Contact._fields[1:], "updated_at")}
    connection.execute(statement.on_conflict_do_update(index_elements=["program", "id"], set_=changed))


def give_names(connection: Connection, program: str, named: Mapping[str, str]) -> None:
    """Let each name be that of the contact with this id, whosever it was."""
    if not named:
        return
    columns = list(contact_names.c)
    rows = [(program, name, id_, name.partition("@")[2] or None) for name, id_ in sorted(named.items())]
    statement = insert_rows(connection, contact_names, columns, rows)
    changed = {"contact": statement.excluded.contact}
    connection.execute(statement.on_conflict_do_update(index_elements=["program", "name"], set_=changed))


def drop_names(connection: Connection, program: str, names: Collection[str]) -> None:
    """Let these be nobody's names."""
    table = contact_names.c
    connection.execute(
        delete(contact_names).where(table.program == program, among(connection, table.name, names))
    )


def remove(connection: Connection, program: str, ids: Collection[str]) -> None:
    """Drop contacts, and the names they still have."""
    for table, column in ((contact_names, contact_names.c.contact), (contacts, contacts.c.id)):
        connection.execute(delete(table).where(table.c.program == program, among(connection, column, ids)))
