"""Queries on what is left of pruned events: sums, and the first and last time, by identity."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, case, delete, select

from app.models import pruned_adjustments, pruned_contact_tallies, pruned_spans, pruned_tallies
from app.store.recordset import among, insert_rows
from app.store.tallies import add_to

Span = tuple[datetime, datetime]
"""When the first and the last human event of an identity occurred."""


def add(
    connection: Connection,
    program: str,
    *,
    tallies: Sequence[tuple[str, int, int, int]],
    contacts: Sequence[tuple[str, str, int, int]],
    adjustments: Sequence[tuple[str, int, int, int]],
    spans: Mapping[str, Span],
) -> None:
    """Add what some events come to; rows are those of `store.tallies`, but by identity."""
    add_to(connection, pruned_tallies, program, tallies, kept=("count",))
    add_to(connection, pruned_contact_tallies, program, contacts, kept=("count",))
    add_to(connection, pruned_adjustments, program, adjustments, kept=("millipoints", "count"))
    _widen(connection, program, spans)


def _widen(connection: Connection, program: str, spans: Mapping[str, Span]) -> None:
    if not spans:
        return
    held = pruned_spans.c
    rows = [(program, partner, *span) for partner, span in sorted(spans.items())]
    statement = insert_rows(connection, pruned_spans, list(held), rows)
    new = statement.excluded
    earlier, later = new.first_event_at < held.first_event_at, new.last_event_at > held.last_event_at
    wider = {
        "first_event_at": case((earlier, new.first_event_at), else_=held.first_event_at),
        "last_event_at": case((later, new.last_event_at), else_=held.last_event_at),
    }
    connection.execute(
        statement.on_conflict_do_update(index_elements=list(pruned_spans.primary_key), set_=wider)
    )


def tallies_of(connection: Connection, program: str, identities: Collection[str]) -> list[Any]:
    """As (partner, signal, day, count)."""
    return _of(connection, pruned_tallies, program, identities)


def contacts_of(connection: Connection, program: str, identities: Collection[str]) -> list[Any]:
    """As (partner, contact, day, count)."""
    return _of(connection, pruned_contact_tallies, program, identities)


def adjustments_of(connection: Connection, program: str, identities: Collection[str]) -> list[Any]:
    """As (partner, day, millipoints, count)."""
    return _of(connection, pruned_adjustments, program, identities)


def spans_of(connection: Connection, program: str, identities: Collection[str]) -> dict[str, Span]:
    """When the first and the last pruned human event of each identity occurred."""
    rows = _of(connection, pruned_spans, program, identities)
    return {partner: (first, last) for partner, first, last in rows}


def _of(connection: Connection, table: Table, program: str, identities: Collection[str]) -> list[Any]:
    _, *columns = table.c
    query = select(*columns).where(table.c.program == program, among(connection, table.c.partner, identities))
    return list(connection.execute(query).all())


def clear_signals(connection: Connection, program: str, signals: Collection[int]) -> None:
    """Forget what is left of these signals."""
    table = pruned_tallies
    connection.execute(
        delete(table).where(table.c.program == program, among(connection, table.c.signal, signals))
    )
