"""Queries on tallies, contact tallies and adjustments: additive counts per partner and day."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Table, and_, delete, func, select

from app.models import adjustments, contact_tallies, tallies
from app.store.recordset import among, insert_rows, recordset

PAGE = 10_000

Span = tuple[str, int, int, int]
"""A partner, a signal, the first and the last day."""
TallyRow = tuple[str, int, int, int]
"""A partner, a signal, a day, a count."""


def add(connection: Connection, program: str, rows: Sequence[TallyRow]) -> None:
    """Add counts (which may be negative) to tallies given as (partner, signal, day, count)."""
    _add(connection, tallies, program, rows, kept=("count",))


def add_contacts(connection: Connection, program: str, rows: Sequence[tuple[str, str, int, int]]) -> None:
    """Add counts to contact tallies given as (partner, contact, day, count)."""
    _add(connection, contact_tallies, program, rows, kept=("count",))


def add_adjustments(connection: Connection, program: str, rows: Sequence[tuple[str, int, int, int]]) -> None:
    """Add to adjustments given as (partner, day, millipoints, count)."""
    _add(connection, adjustments, program, rows, kept=("millipoints", "count"))


def drop_empty(connection: Connection, program: str, partners: Collection[str]) -> None:
    """Remove what corrections have counted down to nothing."""
    for table in (tallies, contact_tallies, adjustments):
        connection.execute(
            delete(table).where(
                table.c.program == program, among(connection, table.c.partner, partners), table.c.count == 0
            )
        )


def clear(connection: Connection, program: str, partners: Collection[str], signals: Collection[int]) -> None:
    """Forget the tallies of these partners and signals."""
    connection.execute(
        delete(tallies).where(
            tallies.c.program == program,
            among(connection, tallies.c.partner, partners),
            among(connection, tallies.c.signal, signals),
        )
    )


def clear_signals(connection: Connection, program: str, signals: Collection[int]) -> None:
    """Forget all tallies of these signals."""
    connection.execute(
        delete(tallies).where(tallies.c.program == program, among(connection, tallies.c.signal, signals))
    )


def clear_people(connection: Connection, program: str, partners: Collection[str]) -> None:
    """Forget these partners' contact tallies and adjustments."""
    for table in (contact_tallies, adjustments):
        connection.execute(
            delete(table).where(table.c.program == program, among(connection, table.c.partner, partners))
        )


def within(connection: Connection, program: str, spans: Sequence[Span]) -> list[TallyRow]:
    """The tallies inside the spans."""
    if not spans:
        return []
    first, last = tallies.c.day.label("first"), tallies.c.day.label("last")
    wanted = recordset(connection, (tallies.c.partner, tallies.c.signal, first, last), spans)
    query = select(tallies.c.partner, tallies.c.signal, tallies.c.day, tallies.c.count).join_from(
        wanted,
        tallies,
        and_(
            tallies.c.program == program,
            tallies.c.partner == wanted.c.partner,
            tallies.c.signal == wanted.c.signal,
            tallies.c.day.between(wanted.c.first, wanted.c.last),
        ),
        # Outer, so that SQLite looks up each span instead of walking all tallies for each.
        isouter=True,
    )
    rows: Sequence[Any] = connection.execute(query).all()
    return [tuple(row) for row in rows if row[-1] is not None]


def of_partners(connection: Connection, program: str, partners: Collection[str]) -> list[TallyRow]:
    """All tallies of these partners."""
    query = select(tallies.c.partner, tallies.c.signal, tallies.c.day, tallies.c.count).where(
        tallies.c.program == program, among(connection, tallies.c.partner, partners)
    )
    # All at once: millions of these are read, and row by row would take twice as long.
    rows: Sequence[Any] = connection.execute(query).all()
    return list(rows)


def contacts_of(
    connection: Connection, program: str, partners: Collection[str]
) -> list[tuple[str, str, int, int]]:
    """All contact tallies of these partners."""
    table = contact_tallies.c
    query = select(table.partner, table.contact, table.day, table.count).where(
        table.program == program, among(connection, table.partner, partners)
    )
    return [tuple(row) for row in connection.execute(query)]


def adjustments_of(
    connection: Connection, program: str, partners: Collection[str], *, since: int | None = None
) -> list[tuple[str, int, int, int]]:
    """The adjustments of these partners, as (partner, day, millipoints, count)."""
    table = adjustments.c
    query = select(table.partner, table.day, table.millipoints, table.count).where(
        table.program == program, among(connection, table.partner, partners)
    )
    if since is not None:
        query = query.where(table.day >= since)
    return [tuple(row) for row in connection.execute(query)]


def engaged_contacts(
    connection: Connection, program: str, partners: Collection[str], *, first: int, last: int
) -> list[tuple[str, str]]:
    """Each partner with each contact, by name, that had a human event on these days."""
    table = contact_tallies.c
    query = (
        select(table.partner, table.contact)
        .where(
            table.program == program,
            among(connection, table.partner, partners),
            table.day.between(first, last),
            table.count > 0,
        )
        .distinct()
    )
    return [tuple(row) for row in connection.execute(query)]


def partners_of_contact(connection: Connection, program: str, names: Collection[str]) -> set[str]:
    """Partners for which a contact known by any of `names` has done something."""
    table = contact_tallies.c
    query = select(table.partner).where(table.program == program, among(connection, table.contact, names))
    return set(connection.scalars(query.distinct()))


def partners_with_day(
    connection: Connection, program: str, *, first: int, last: int, after: str, limit: int
) -> list[str]:
    """Partners, by id, that have a tally or an adjustment on these days."""
    found = [
        select(table.c.partner).where(
            table.c.program == program, table.c.day.between(first, last), table.c.partner > after
        )
        for table in (tallies, adjustments)
    ]
    both = found[0].union(found[1]).subquery()
    return list(connection.scalars(select(both.c.partner).order_by(both.c.partner).limit(limit)))


def rename_contact(connection: Connection, program: str, names: Collection[str], tombstone: str) -> None:
    """Move the contact tallies of an erased person to a name that says nothing."""
    table = contact_tallies
    erased = (table.c.program == program, among(connection, table.c.contact, names))
    query = (
        select(table.c.partner, table.c.day, func.sum(table.c.count))
        .where(*erased)
        .group_by(table.c.partner, table.c.day)
    )
    rows = [(partner, tombstone, day, int(count)) for partner, day, count in connection.execute(query)]
    connection.execute(delete(table).where(*erased))
    add_contacts(connection, program, rows)


def _add(
    connection: Connection,
    table: Table,
    program: str,
    rows: Sequence[tuple[Any, ...]],
    *,
    kept: tuple[str, ...],
) -> None:
    if not rows:
        return
    columns = list(table.c)
    keyed = [(program, *row) for row in sorted(rows)]
    statement = insert_rows(connection, table, columns, keyed)
    sums = {name: table.c[name] + statement.excluded[name] for name in kept}
    connection.execute(statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=sums))


def in_pages(rows: Sequence[TallyRow]) -> Iterator[Sequence[TallyRow]]:
    """`rows` in slices that one statement takes well."""
    for start in range(0, len(rows), PAGE):
        yield rows[start : start + PAGE]
