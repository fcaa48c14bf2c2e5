"""Queries on contacts."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, select

from app.models import contacts
from app.store.recordset import among, insert_rows


class Contact(NamedTuple):
    """A person at a partner."""

    id: str
    email: str | None
    partner: str | None
    name: str | None
    persona: str | None


_COLUMNS = [contacts.c[name] for name in Contact._fields]


def known(connection: Connection, program: str, names: Collection[str]) -> dict[str, Contact]:
    """Contacts by each of `names` that is their id or their e-mail address; an address wins over an id."""
    if not names:
        return {}
    # One look-up by each index; an OR of the two would walk all contacts.
    by_id, by_email = (
        select(*_COLUMNS).where(contacts.c.program == program, among(connection, column, names))
        for column in (contacts.c.id, contacts.c.email)
    )
    query = by_id.union(by_email)
    found = [Contact(*row) for row in connection.execute(query)]
    return {each.id: each for each in found} | {each.email: each for each in found if each.email}


def get(connection: Connection, program: str, contact: str) -> Contact | None:
    """One contact by its id."""
    row = connection.execute(
        select(*_COLUMNS).where(contacts.c.program == program, contacts.c.id == contact)
    ).one_or_none()
    return Contact(*row) if row else None


def put(connection: Connection, program: str, contact: Contact, *, now: datetime) -> None:
    """Create or replace a contact. Raises IntegrityError if another has the e-mail address."""
    columns = [contacts.c.program, *_COLUMNS, contacts.c.created_at, contacts.c.updated_at]
    statement = insert_rows(connection, contacts, columns, [(program, *contact, now, now)])
    changed: dict[str, Any] = {
        name: statement.excluded[name] for name in ("email", "partner", "name", "persona", "updated_at")
    }
    connection.execute(statement.on_conflict_do_update(index_elements=["program", "id"], set_=changed))


def remove(connection: Connection, program: str, contact: str) -> None:
    """Drop a contact's row."""
    connection.execute(delete(contacts).where(contacts.c.program == program, contacts.c.id == contact))


def names_of(connection: Connection, program: str, keys: Collection[str]) -> dict[str, str]:
    """The names of contacts that have one, by each key they are known by."""
    return {key: each.name for key, each in known(connection, program, keys).items() if each.name}
