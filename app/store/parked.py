"""Queries on parked events, whose partner is not known yet."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, String, and_, func, or_, select

from app.models import contact_names, events
from app.store.ledger import COLUMNS, PAGE, LedgerEvent, read
from app.store.recordset import among, insert_rows


def of_contact(connection: Connection, program: str, names: Collection[str]) -> list[LedgerEvent]:
    """A page of parked events of a contact known by any of `names`."""
    query = select(*COLUMNS).where(
        events.c.program == program, events.c.partner.is_(None), among(connection, events.c.contact, names)
    )
    return read(connection, query.limit(PAGE))


def of_domains(connection: Connection, program: str, domains: Collection[str], *, after: str) -> list[str]:
    """Contacts, by name, that wait until one of `domains` is known: of that name or another of theirs."""
    theirs, other = contact_names.c, contact_names.alias("other")
    same = and_(other.c.program == theirs.program, other.c.contact == theirs.contact)
    named = (
        select(other.c.name)
        .join_from(contact_names, other, same)
        .where(theirs.program == program, among(connection, theirs.domain, domains))
    )
    return list(
        connection.scalars(
            select(events.c.contact)
            .distinct()
            .where(
                events.c.program == program,
                events.c.partner.is_(None),
                events.c.contact > after,
                or_(
                    among(connection, _domain(connection, events.c.contact), domains),
                    events.c.contact.in_(named),
                ),
            )
            .order_by(events.c.contact)
            .limit(PAGE)
        )
    )


def _domain(connection: Connection, address: ColumnElement[Any]) -> ColumnElement[str]:
    at_sign = func.strpos if connection.dialect.name == "postgresql" else func.instr
    return func.substr(address, at_sign(address, "@") + 1, type_=String)


def attribute(connection: Connection, rows: Sequence[LedgerEvent]) -> None:
    """Write the partner and the persona of parked events."""
    statement = insert_rows(connection, events, COLUMNS, rows)
    found = {"partner": statement.excluded.partner, "persona": statement.excluded.persona}
    connection.execute(
        statement.on_conflict_do_update(index_elements=["program", "source", "id"], set_=found)
    )
