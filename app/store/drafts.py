"""Queries on draft standings: another version's scores, built beside the live ones."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, and_, case, delete, func, select

from app.models import draft_standings, partners, standings
from app.store.recordset import among, insert_rows, inserting
from app.store.standings import Standing

_TAKEN = ("stored", "band", "fit", "grade", "grade_rank")


class Draft(NamedTuple):
    """What a partner's standing will be."""

    partner: str
    stored: float
    band: str | None
    fit: float
    grade: str | None
    grade_rank: int
    changed: bool


_COLUMNS = [draft_standings.c[name] for name in Draft._fields]


def add(connection: Connection, program: str, rows: Sequence[Draft]) -> None:
    """Write drafts over those there may be."""
    columns = [draft_standings.c.program, *_COLUMNS]
    statement = insert_rows(connection, draft_standings, columns, [(program, *row) for row in sorted(rows)])
    new = {name: statement.excluded[name] for name in Draft._fields if name != "partner"}
    connection.execute(statement.on_conflict_do_update(index_elements=["program", "partner"], set_=new))


def missing(connection: Connection, program: str, *, after: str, limit: int) -> list[str]:
    """Partners, by id, that have no draft."""
    theirs = and_(draft_standings.c.program == partners.c.program, draft_standings.c.partner == partners.c.id)
    query = (
        select(partners.c.id)
        .join_from(partners, draft_standings, theirs, isouter=True)
        .where(partners.c.program == program, partners.c.id > after, draft_standings.c.partner.is_(None))
    )
    return list(connection.scalars(query.order_by(partners.c.id).limit(limit)))


def forget(connection: Connection, program: str, ids: Collection[str]) -> None:
    """Drop the drafts of partners whose live standing has moved since."""
    connection.execute(
        delete(draft_standings).where(
            draft_standings.c.program == program, among(connection, draft_standings.c.partner, ids)
        )
    )


def clear(connection: Connection, program: str) -> None:
    """Drop all drafts of a program."""
    connection.execute(delete(draft_standings).where(draft_standings.c.program == program))


def count_changed(connection: Connection, program: str) -> int:
    """How many partners readers will see differently."""
    changed = (draft_standings.c.program == program, draft_standings.c.changed)
    return int(connection.scalar(select(func.count()).where(*changed)) or 0)


def apply(connection: Connection, program: str, *, first_position: int) -> None:
    """Put the drafts over the live standings, in one statement; changed ones take places in the feed."""
    draft, live = draft_standings.c, standings.c
    place = func.row_number().over(partition_by=draft.changed, order_by=draft.partner)
    position = case((draft.changed, first_position - 1 + place), else_=live.position)
    values = {name: draft[name] for name in _TAKEN} | {"position": position.label("position")}
    names = ["program", *Standing._fields]
    query = (
        select(live.program, *(values.get(name, live[name]) for name in Standing._fields))
        .join_from(
            draft_standings,
            standings,
            and_(live.program == draft.program, live.partner == draft.partner),
        )
        .where(draft.program == program)
    )
    statement = inserting(connection, standings).from_select(names, query)
    new = {name: statement.excluded[name] for name in (*_TAKEN, "position")}
    connection.execute(statement.on_conflict_do_update(index_elements=["program", "partner"], set_=new))
