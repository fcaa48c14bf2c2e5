"""Queries on tallies, contact tallies and adjustments: additive counts per partner and day."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    Select,
    Table,
    and_,
    bindparam,
    delete,
    func,
    null,
    select,
    union_all,
)

from app.models import adjustments, contact_names, contact_tallies, pruned_contact_tallies, tallies
from app.scoring.tally import Tallies
from app.store.columns import packed, placed, unpacked
from app.store.recordset import Given, Prepared, among, insert_rows, prepared

PAGE = 10_000

Span = tuple[str, int, int, int]
"""A partner, a signal, the first and the last day."""
TallyRow = tuple[str, int, int, int]
"""A partner, a signal, a day, a count."""
AdjustmentRow = tuple[str, int, int, int]
"""A partner, a day, millipoints, by how many adjustments."""


def add(connection: Connection, program: str, rows: Sequence[TallyRow]) -> None:
    """Add counts (which may be negative) to tallies given as (partner, signal, day, count)."""
    if rows:
        _add(connection, sorted(rows), program=program)


def add_contacts(connection: Connection, program: str, rows: Sequence[tuple[str, str, int, int]]) -> None:
    """Add counts to contact tallies given as (partner, contact, day, count)."""
    if rows:
        _add_contacts(connection, sorted(rows), program=program)


def add_adjustments(connection: Connection, program: str, rows: Sequence[tuple[str, int, int, int]]) -> None:
    """Add to adjustments given as (partner, day, millipoints, count)."""
    if rows:
        _add_adjustments(connection, sorted(rows), program=program)


def _adding(table: Table, *added: str) -> Prepared:
    """An INSERT of counts, to which those that are there already are added."""

    @prepared(*list(table.c)[1:])
    def add_(given: Given) -> Executable:
        adding = given.into(table, program=bindparam("program", type_=table.c.program.type))
        sums = {name: table.c[name] + adding.excluded[name] for name in added}
        return adding.on_conflict_do_update(index_elements=list(table.primary_key), set_=sums)

    return add_


_add, _add_contacts = _adding(tallies, "count"), _adding(contact_tallies, "count")
_add_adjustments = _adding(adjustments, "millipoints", "count")


def add_to(
    connection: Connection,
    table: Table,
    program: str,
    rows: Sequence[tuple[Any, ...]],
    *,
    kept: tuple[str, ...],
) -> None:
    """Add rows to a table of sums by program and more; `kept` are the columns that add up."""
    if not rows:
        return
    columns = list(table.c)
    keyed = [(program, *row) for row in sorted(rows)]
    statement = insert_rows(connection, table, columns, keyed)
    sums = {name: table.c[name] + statement.excluded[name] for name in kept}
    connection.execute(statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=sums))


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
    rows: Sequence[Any] = _within(connection, spans, program=program).all()
    return [tuple(row) for row in rows if row[-1] is not None]


@prepared(tallies.c.partner, tallies.c.signal, tallies.c.day.label("first"), tallies.c.day.label("last"))
def _within(given: Given) -> Executable:
    wanted, table = given.rows, tallies.c
    return given.finding(
        wanted,
        (table.partner, table.signal, table.day, table.count),
        table.program == bindparam("program"),
        table.partner == wanted.c.partner,
        table.signal == wanted.c.signal,
        table.day.between(wanted.c.first, wanted.c.last),
    )


def of_partners(
    connection: Connection, program: str, partners: Collection[str]
) -> tuple[list[TallyRow], list[AdjustmentRow]]:
    """All tallies and all adjustments of these partners."""
    rows = _of_partners(connection, [(each,) for each in partners], program=program).all()
    tallied = [(who, signal, day, count) for who, day, count, signal, _ in rows if signal is not None]
    adjusted = [(who, day, points, count) for who, day, count, signal, points in rows if signal is None]
    return tallied, adjusted


@prepared(tallies.c.partner)
def _of_partners(given: Given) -> Executable:
    def theirs(table: Table, *own: ColumnElement[Any]) -> Select[Any]:
        found = select(table.c.partner, table.c.day, table.c.count, *own)
        return found.where(table.c.program == bindparam("program"), given.among(table.c.partner))

    # One statement, because what is read is little and what a statement costs is not.
    return union_all(
        theirs(tallies, tallies.c.signal, null()), theirs(adjustments, null(), adjustments.c.millipoints)
    )


_PACKED = (tallies.c.signal, tallies.c.day, tallies.c.count)


@dataclass(frozen=True)
class PackedTallies:
    """Tallies as the database gives them in bulk; to unpack them needs no connection."""

    columns: Sequence[Any]

    def arrays(self) -> Tallies:
        """The same as arrays."""
        return Tallies(*(unpacked(column) for column in self.columns))


def packed_of(connection: Connection, program: str, partners: Sequence[str]) -> PackedTallies:
    """All tallies of these partners, each partner by its place among them."""
    given = placed(connection, tallies.c.partner, partners)
    theirs = and_(tallies.c.program == program, tallies.c.partner == given.c.value)
    if connection.dialect.name == "postgresql":
        # Says the same again, or it reads all tallies of a program that it has no statistics of.
        theirs = and_(theirs, among(connection, tallies.c.partner, partners))
    place = packed(connection, given.c.place).filter(tallies.c.day.is_not(None))
    query = (
        select(place, *(packed(connection, column) for column in _PACKED))
        # Outer, so that SQLite looks up each partner instead of walking all tallies.
        .join_from(given, tallies, theirs, isouter=True)
    )
    return PackedTallies(connection.execute(query).one())


def arrays_of(connection: Connection, program: str, partners: Sequence[str]) -> Tallies:
    """All tallies of these partners, each partner by its place among them."""
    return packed_of(connection, program, partners).arrays()


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
    connection: Connection, program: str, partners: Collection[str]
) -> list[tuple[str, int, int, int]]:
    """The adjustments of these partners, as (partner, day, millipoints, count)."""
    found = _adjustments_of(connection, [(each,) for each in partners], program=program)
    return [tuple(row) for row in found]


@prepared(adjustments.c.partner)
def _adjustments_of(given: Given) -> Executable:
    table = adjustments.c
    return select(table.partner, table.day, table.millipoints, table.count).where(
        table.program == bindparam("program"), given.among(table.partner)
    )


def engaged_contacts(
    connection: Connection, program: str, partners: Collection[str], *, first: int, last: int
) -> dict[str, int]:
    """How many contacts of each partner had a human event on these days; one of several names is one."""
    rows = [(each,) for each in partners]
    found = _engaged_contacts(connection, rows, program=program, first=first, last=last)
    return {row[0]: row[1] for row in found}


@prepared(contact_tallies.c.partner)
def _engaged_contacts(given: Given) -> Executable:
    table, named = contact_tallies.c, contact_names.c
    first, last = (bindparam(name, type_=table.day.type) for name in ("first", "last"))
    active = (
        select(table.partner, table.contact)
        .where(table.program == bindparam("program"), given.among(table.partner))
        .where(table.day.between(first, last), table.count > 0)
        .distinct()
        .subquery()
    )
    # Not a join, for which a PostgreSQL without statistics may read the names of all contacts.
    known = select(named.contact).where(named.program == bindparam("program"), named.name == active.c.contact)
    person = func.coalesce(known.scalar_subquery(), active.c.contact)
    return select(active.c.partner, func.count(person.distinct())).group_by(active.c.partner)


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
    for table in (contact_tallies, pruned_contact_tallies):
        _rename_contact(connection, table, program, names, tombstone=tombstone)


def _rename_contact(
    connection: Connection, table: Table, program: str, names: Collection[str], *, tombstone: str
) -> None:
    erased = (table.c.program == program, among(connection, table.c.contact, names))
    query = (
        select(table.c.partner, table.c.day, func.sum(table.c.count))
        .where(*erased)
        .group_by(table.c.partner, table.c.day)
    )
    rows = [(partner, tombstone, day, int(count)) for partner, day, count in connection.execute(query)]
    connection.execute(delete(table).where(*erased))
    add_to(connection, table, program, rows, kept=("count",))


def in_pages(rows: Sequence[TallyRow]) -> Iterator[Sequence[TallyRow]]:
    """`rows` in slices that one statement takes well."""
    for start in range(0, len(rows), PAGE):
        yield rows[start : start + PAGE]
