"""Queries on the ledger of events."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    Executable,
    FromClause,
    Integer,
    and_,
    bindparam,
    delete,
    func,
    or_,
    select,
    tuple_,
    update,
)

from app.models import events, partners
from app.store import fragments
from app.store import partners as partner_store
from app.store.recordset import Given, among, insert_rows, prepared, recordset

PAGE = 2_000

EventKey = tuple[str, str]
"""A source and an id within it."""


class LedgerEvent(NamedTuple):
    """One event as the ledger holds it."""

    program: str
    source: str
    id: str
    type: str
    occurred_at: datetime
    received_at: datetime
    partner: str | None
    contact: str | None
    persona: str | None
    verdict: str
    verdict_reason: str | None
    properties: dict[str, Any]
    digest: str
    judged_by: str | None = None
    settles_at: datetime | None = None

    @property
    def has_time(self) -> bool:
        """Whether its sender told when it occurred, by a clock not ahead; if not, it is when it came."""
        return self.occurred_at < self.received_at

    @property
    def key(self) -> EventKey:
        """What tells it from all others of the program."""
        return self.source, self.id


COLUMNS = [events.c[name] for name in LedgerEvent._fields]
# Not partners.id, whose collation would keep PostgreSQL from the ledger's index.
_MEMBER = (events.c.partner, partners.c.counts_for.label("root"))


def add_new(connection: Connection, rows: Sequence[LedgerEvent]) -> set[EventKey]:
    """Append the events whose key is not taken; the keys of those that were appended."""
    # In key order, so that two groups with the same events wait for each other instead of deadlocking.
    ordered = sorted(rows, key=lambda row: (row.source, row.id))
    return {(source, id_) for source, id_ in _add_new(connection, ordered).all()}


@prepared(*COLUMNS)
def _add_new(given: Given) -> Executable:
    return given.into(events).on_conflict_do_nothing().returning(events.c.source, events.c.id)


def by_keys(connection: Connection, program: str, keys: Collection[EventKey]) -> dict[EventKey, LedgerEvent]:
    """The events with these keys."""
    if not keys:
        return {}
    rows = _by_keys(connection, list(keys), program=program).all()
    return {(row.source, row.id): LedgerEvent(*row) for row in rows if row.id is not None}


@prepared(events.c.source, events.c.id)
def _by_keys(given: Given) -> Executable:
    wanted, table = given.rows, events.c
    return given.finding(
        wanted,
        COLUMNS,
        table.program == bindparam("program"),
        table.source == wanted.c.source,
        table.id == wanted.c.id,
    )


def of_partners(
    connection: Connection, program: str, roots: Collection[str]
) -> Iterator[tuple[str, LedgerEvent]]:
    """Every attributed event that counts for one of `roots`, with that root, in pages."""
    found, root = _counting_for(connection, program, roots)
    query = select(root, *COLUMNS).select_from(found)
    for row in connection.execute(query.execution_options(yield_per=PAGE)):
        if row.id is not None:
            yield row[0], LedgerEvent(*row[1:])


def recent_human(
    connection: Connection, program: str, roots: Collection[str], *, since: datetime, each: int
) -> dict[str, list[LedgerEvent]]:
    """For each of `roots` its latest human events since then, newest first, at most `each`."""
    members = list(partner_store.members(connection, program, roots).items())
    found: dict[str, list[LedgerEvent]] = {}
    for row in _recent_human(connection, members, program=program, since=since, each=each):
        found.setdefault(row[0], []).append(LedgerEvent(*row[1:]))
    return found


@prepared(*_MEMBER)
def _recent_human(given: Given) -> Executable:
    members, table = given.rows, events.c
    theirs = given.finding(
        members,
        [*COLUMNS, members.c.root],
        table.program == bindparam("program"),
        table.partner == members.c.partner,
        table.verdict == "human",
        table.occurred_at >= bindparam("since", type_=table.occurred_at.type),
    ).subquery("theirs")
    newest = (theirs.c.occurred_at.desc(), theirs.c.id)
    place = func.row_number().over(partition_by=theirs.c.root, order_by=newest).label("place")
    ranked = select(theirs, place).where(theirs.c.id.is_not(None)).subquery()
    return (
        select(ranked.c.root, *(ranked.c[name] for name in LedgerEvent._fields))
        .where(ranked.c.place <= bindparam("each", type_=Integer))
        .order_by(ranked.c.root, ranked.c.place)
    )


def latest_human(
    connection: Connection, program: str, roots: Collection[str], *, before: datetime | None = None
) -> dict[str, datetime]:
    """When the latest human event of each of `roots` occurred.

    A look into the index for each identity, however many events it has.
    """
    members = _members(connection, program, roots)
    latest = (
        select(events.c.occurred_at)
        .where(events.c.program == program, events.c.partner == members.c.partner)
        .where(events.c.verdict == "human")
        .order_by(events.c.occurred_at.desc())
        .limit(1)
    )
    if before is not None:
        latest = latest.where(events.c.occurred_at < before)
    found: dict[str, datetime] = {}
    for root, at in connection.execute(select(members.c.root, latest.scalar_subquery())):
        if at is not None:
            found[root] = max(found.get(root, at), at)
    return found


def _counting_for(connection: Connection, program: str, roots: Collection[str]) -> tuple[FromClause, Any]:
    """The events of each identity that counts for one of `roots`, and the column that says for which.

    Driven by the identities, and outer, so that SQLite looks them up instead of walking the ledger; an
    identity without events gives a row of nothing.
    """
    members = _members(connection, program, roots)
    theirs = and_(events.c.program == program, events.c.partner == members.c.partner)
    return members.join(events, theirs, isouter=True), members.c.root


def _members(connection: Connection, program: str, roots: Collection[str]) -> FromClause:
    """Each identity that counts for one of `roots`, as `partner`, with that one as `root`."""
    return recordset(connection, _MEMBER, list(partner_store.members(connection, program, roots).items()))


def hold(connection: Connection, program: str, source: str, ids: Collection[str]) -> dict[str, LedgerEvent]:
    """Events of a source by their ids; nobody else judges them until the transaction ends."""
    query = select(*COLUMNS).where(
        events.c.program == program, events.c.source == source, among(connection, events.c.id, ids)
    )
    # In id order, so that two who judge the same events wait for each other instead of deadlocking.
    return {event.id: event for event in read(connection, query.order_by(events.c.id).with_for_update())}


def hold_oldest(connection: Connection, program: str, *, before: datetime, limit: int) -> list[LedgerEvent]:
    """The oldest events before a time, which nobody else changes until the transaction ends."""
    query = (
        select(*COLUMNS)
        .where(events.c.program == program, events.c.occurred_at < before)
        .order_by(events.c.occurred_at)
        .limit(limit)
    )
    return read(connection, query.with_for_update(skip_locked=True))


def remove(connection: Connection, program: str, keys: Collection[EventKey]) -> None:
    """Delete events."""
    if not keys:
        return
    gone = recordset(connection, (events.c.source, events.c.id), keys)
    connection.execute(
        delete(events).where(
            events.c.program == program, tuple_(events.c.source, events.c.id).in_(select(gone))
        )
    )


def judge(connection: Connection, rows: Sequence[LedgerEvent]) -> None:
    """Write the verdicts of events that are held."""
    statement = insert_rows(connection, events, COLUMNS, rows)
    judged: dict[str, Any] = {
        name: statement.excluded[name] for name in ("verdict", "verdict_reason", "judged_by")
    }
    connection.execute(
        statement.on_conflict_do_update(index_elements=["program", "source", "id"], set_=judged)
    )


def erase_person(connection: Connection, program: str, names: Collection[str], tombstone: str) -> int:
    """Let the events of an erased person carry a name that says nothing; how many there are.

    What more there is to an attendance would else bring the name back.
    """
    fragments.erase_person(connection, program, names, tombstone)
    erased = connection.execute(
        update(events)
        .where(events.c.program == program, among(connection, events.c.contact, names))
        .values(contact=tombstone)
    )
    return erased.rowcount


def page(
    connection: Connection,
    program: str,
    *,
    allowed: Mapping[str, Collection[str]],
    parked: bool,
    since: datetime | None,
    until: datetime | None,
    before: tuple[datetime, str, str] | None,
    limit: int,
) -> list[LedgerEvent]:
    """Events, newest first; `allowed` names columns and the values that each may have."""
    query = select(*COLUMNS).where(
        events.c.program == program, *(events.c[name].in_(values) for name, values in allowed.items())
    )
    if parked:
        query = query.where(events.c.partner.is_(None))
    if since is not None:
        query = query.where(events.c.occurred_at >= since)
    if until is not None:
        query = query.where(events.c.occurred_at < until)
    if before is not None:
        at, source, id_ = before
        query = query.where(
            events.c.occurred_at <= at,
            or_(
                events.c.occurred_at < at,
                events.c.source > source,
                and_(events.c.source == source, events.c.id > id_),
            ),
        )
    return read(
        connection, query.order_by(events.c.occurred_at.desc(), events.c.source, events.c.id).limit(limit)
    )


def read(connection: Connection, query: Any) -> list[LedgerEvent]:
    """The events that a query over COLUMNS finds."""
    return [LedgerEvent(*row) for row in connection.execute(query)]
