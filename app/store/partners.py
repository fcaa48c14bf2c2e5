"""Queries on partners and their e-mail domains."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Executable, Row, Text, bindparam, cast, delete, func, select, update

from app.models import partner_domains, partners
from app.store.recordset import Given, among, insert_rows, prepared

_NEW = ("program", "id", "name", "owner", "attributes", "counts_for", "created_at", "updated_at")
_ONE = select(partners).where(partners.c.program == bindparam("of"), partners.c.id == bindparam("wanted"))


def roots(connection: Connection, program: str, ids: Collection[str]) -> dict[str, str]:
    """For each known id the partner its events count for."""
    if not ids:
        return {}
    found = _roots(connection, [(each,) for each in ids], program=program).all()
    return {row.id: row.counts_for for row in found}


@prepared(partners.c.id)
def _roots(given: Given) -> Executable:
    return select(partners.c.id, partners.c.counts_for).where(
        partners.c.program == bindparam("program"), given.among(partners.c.id)
    )


def create_missing(connection: Connection, program: str, ids: Collection[str], *, now: datetime) -> None:
    """Store bare partners for the ids that are not known yet."""
    rows: list[tuple[object, ...]] = [(program, id_, None, None, {}, id_, now, now) for id_ in sorted(ids)]
    _create_missing(connection, rows)


@prepared(*(partners.c[name] for name in _NEW))
def _create_missing(given: Given) -> Executable:
    return given.into(partners).on_conflict_do_nothing()


def put_many(
    connection: Connection,
    program: str,
    rows: Sequence[tuple[str, str | None, str | None, Any]],
    *,
    now: datetime,
) -> set[str]:
    """Create or replace partners given as (id, name, owner, attributes); the ids that were new."""
    known = roots(connection, program, [row[0] for row in rows])
    values = [
        (program, id_, name, owner, attributes, id_, now, now)
        for id_, name, owner, attributes in sorted(rows, key=lambda r: r[0])
    ]
    statement = insert_rows(connection, partners, [partners.c[name] for name in _NEW], values)
    replaced = {name: statement.excluded[name] for name in ("name", "owner", "attributes", "updated_at")}
    connection.execute(statement.on_conflict_do_update(index_elements=["program", "id"], set_=replaced))
    return {row[0] for row in rows} - known.keys()


def get(connection: Connection, program: str, partner: str) -> Row[tuple[Any, ...]] | None:
    """One partner."""
    return connection.execute(_ONE, {"of": program, "wanted": partner}).one_or_none()


def get_many(connection: Connection, program: str, ids: Collection[str]) -> dict[str, Row[tuple[Any, ...]]]:
    """Partners by id."""
    return {row.id: row for row in _get_many(connection, [(each,) for each in ids], program=program)}


@prepared(partners.c.id)
def _get_many(given: Given) -> Executable:
    return select(partners).where(partners.c.program == bindparam("program"), given.among(partners.c.id))


def page_of_profiles(connection: Connection, program: str, *, after: str, limit: int) -> Sequence[Any]:
    """Id, name and attributes (as text) of partners that stand for themselves and are not archived, by id."""
    query = (
        select(partners.c.id, partners.c.name, cast(partners.c.attributes, Text).label("attributes"))
        .where(partners.c.program == program, partners.c.id > after)
        .where(partners.c.counts_for == partners.c.id, partners.c.archived_at.is_(None))
        .order_by(partners.c.id)
        .limit(limit)
    )
    return connection.execute(query).all()


def members(connection: Connection, program: str, roots_: Collection[str]) -> dict[str, str]:
    """Each identity whose events count for one of `roots_`, with that partner."""
    found = _members(connection, [(each,) for each in roots_], program=program)
    return {row.id: row.counts_for for row in found}


@prepared(partners.c.counts_for)
def _members(given: Given) -> Executable:
    return select(partners.c.id, partners.c.counts_for).where(
        partners.c.program == bindparam("program"), given.among(partners.c.counts_for)
    )


def count(connection: Connection, program: str, *, upto: str | None = None) -> int:
    """How many partners there are, all or up to an id."""
    query = select(func.count()).where(partners.c.program == program)
    return int(connection.scalar(query if upto is None else query.where(partners.c.id <= upto)) or 0)


def unarchive(connection: Connection, program: str, ids: Collection[str]) -> None:
    """Bring partners back."""
    connection.execute(
        update(partners)
        .where(partners.c.program == program, among(connection, partners.c.id, ids))
        .values(archived_at=None)
    )


def page_of_ids(connection: Connection, program: str, *, after: str, limit: int) -> list[str]:
    """All partners, by id."""
    return list(
        connection.scalars(
            select(partners.c.id)
            .where(partners.c.program == program, partners.c.id > after)
            .order_by(partners.c.id)
            .limit(limit)
        )
    )


def archive(connection: Connection, program: str, partner: str, *, now: datetime) -> bool:
    """Archive a partner and all that was merged into it; whether anything was not archived yet."""
    found = connection.execute(
        update(partners)
        .where(
            partners.c.program == program, partners.c.counts_for == partner, partners.c.archived_at.is_(None)
        )
        .values(archived_at=now, updated_at=now)
    )
    return found.rowcount > 0


def merges(connection: Connection, program: str) -> dict[str, str]:
    """Every merge of the program: who was merged into whom; they are few."""
    query = select(partners.c.id, partners.c.merged_into).where(
        partners.c.program == program, partners.c.merged_into.is_not(None)
    )
    return {row.id: row.merged_into for row in connection.execute(query)}


def set_merge(connection: Connection, program: str, partner: str, into: str | None, *, now: datetime) -> None:
    """Note or undo that `partner` was merged."""
    connection.execute(
        update(partners)
        .where(partners.c.program == program, partners.c.id == partner)
        .values(merged_into=into, updated_at=now)
    )


def set_roots(connection: Connection, program: str, ids: Collection[str], root: str) -> None:
    """Let the events of `ids` count for `root`."""
    connection.execute(
        update(partners)
        .where(partners.c.program == program, among(connection, partners.c.id, ids))
        .values(counts_for=root)
    )


def domains(connection: Connection, program: str, ids: Collection[str]) -> dict[str, list[str]]:
    """The e-mail domains of each partner, sorted."""
    query = (
        select(partner_domains.c.partner, partner_domains.c.domain)
        .where(partner_domains.c.program == program, among(connection, partner_domains.c.partner, ids))
        .order_by(partner_domains.c.partner, partner_domains.c.domain)
    )
    found: dict[str, list[str]] = {}
    for partner, domain in connection.execute(query):
        found.setdefault(partner, []).append(domain)
    return found


def set_domains(connection: Connection, program: str, domains_of: dict[str, list[str]]) -> None:
    """Replace the domains of each partner named."""
    connection.execute(
        delete(partner_domains).where(
            partner_domains.c.program == program,
            among(connection, partner_domains.c.partner, domains_of.keys()),
        )
    )
    rows = sorted({(program, domain, partner) for partner, each in domains_of.items() for domain in each})
    if rows:
        columns = (partner_domains.c.program, partner_domains.c.domain, partner_domains.c.partner)
        connection.execute(insert_rows(connection, partner_domains, columns, rows).on_conflict_do_nothing())


class Owner(NamedTuple):
    """Who alone owns a domain, and the partner that this one counts for."""

    partner: str
    root: str


def sole_owners(connection: Connection, program: str, wanted: Collection[str]) -> dict[str, Owner]:
    """For each domain that exactly one partner owns, that partner; merged firms count as one."""
    if not wanted:
        return {}
    found = _sole_owners(connection, [(each,) for each in wanted], program=program).all()
    return {domain: Owner(partner, root) for domain, partner, root in found}


@prepared(partner_domains.c.domain)
def _sole_owners(given: Given) -> Executable:
    owning, owner = partner_domains.c, partners.c
    return (
        select(owning.domain, func.min(owning.partner), func.min(owner.counts_for))
        .join(partners, (owner.program == owning.program) & (owner.id == owning.partner))
        .where(owning.program == bindparam("program"), given.among(owning.domain))
        .group_by(owning.domain)
        .having(func.count(owner.counts_for.distinct()) == 1)
    )
