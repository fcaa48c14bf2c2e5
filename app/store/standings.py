"""Queries on standings: the stored score of each partner and what goes with it."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    CursorResult,
    Executable,
    Select,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    tuple_,
    update,
)

from app.models import standings
from app.store.recordset import Given, prepared

NOTHING = 1e-100
"""Points that nobody will ever see."""


class Standing(NamedTuple):
    """Where a partner stands; columns as in the table."""

    partner: str
    stored: float
    band: str | None
    fit: float
    grade: str | None
    grade_rank: int
    armed: bool
    rearm_on: int | None
    open_handoff: str | None
    last_event_at: datetime | None
    sequence: int
    position: int


_COLUMNS = [standings.c[name] for name in Standing._fields]
_SAVED = [standings.c[name] for name in Standing._fields if name != "partner"]
_KEY = ["program", "partner"]
_CHANGED = (
    select(*_COLUMNS)
    .where(standings.c.program == bindparam("program"), standings.c.position > bindparam("after"))
    .order_by(standings.c.position)
    .limit(bindparam("most"))
)


def fresh(partner: str, *, band: str | None, fit: float, grade: str | None, grade_rank: int) -> Standing:
    """The standing of a partner that has done nothing yet."""
    return Standing(
        partner=partner,
        stored=0.0,
        band=band,
        fit=fit,
        grade=grade,
        grade_rank=grade_rank,
        armed=True,
        rearm_on=None,
        open_handoff=None,
        last_event_at=None,
        sequence=0,
        position=0,
    )


def hold(
    connection: Connection, program: str, partners: Collection[str], *, newcomer: Standing
) -> dict[str, Standing]:
    """Lock the partners' standings, in partner order; as they are now.

    Those that are missing are created as that of a `newcomer`, out of order: who creates the same ones at the
    same moment may be in a deadlock on PostgreSQL, which has its transaction tried again.
    """
    wanted = [(partner,) for partner in sorted(partners)]
    held = _by_partner(_hold(connection, wanted, program=program))
    if missing := [row for row in wanted if row[0] not in held]:
        values = newcomer._asdict() | {"program": program}
        held |= _by_partner(_create(connection, missing, **values))
    return held


@prepared(standings.c.partner)
def _hold(given: Given) -> Executable:
    return _found(given, held=True)


@prepared(standings.c.partner)
def _create(given: Given) -> Executable:
    same = {each.key: bindparam(each.key, type_=each.type) for each in (standings.c.program, *_SAVED)}
    # Changes nothing of one that somebody else has just created, but locks it and lets RETURNING show it.
    locked = {"partner": standings.c.partner}
    created = given.into(standings, **same).on_conflict_do_update(index_elements=_KEY, set_=locked)
    return created.returning(*_COLUMNS)


def get_many(connection: Connection, program: str, partners: Collection[str]) -> dict[str, Standing]:
    """Standings by partner."""
    return _by_partner(_get_many(connection, [(each,) for each in partners], program=program))


@prepared(standings.c.partner)
def _get_many(given: Given) -> Executable:
    return _found(given)


def _found(given: Given, *, held: bool = False) -> Select[Any]:
    wanted, table = given.rows, standings.c
    theirs = (table.program == bindparam("program"), table.partner == wanted.c.partner)
    return given.finding(wanted, _COLUMNS, *theirs, held=held)


def _by_partner(rows: CursorResult[Any]) -> dict[str, Standing]:
    return {row[0]: Standing._make(row) for row in rows.all() if row[0] is not None}


def save(connection: Connection, program: str, rows: Sequence[Standing]) -> None:
    """Write standings that are held."""
    _save(connection, sorted(rows), program=program)


@prepared(*_COLUMNS)
def _save(given: Given) -> Executable:
    # An upsert, because SQLite would walk all standings for each row of an UPDATE ... FROM.
    saving = given.into(standings, program=bindparam("program", type_=standings.c.program.type))
    changed: dict[str, Any] = {each.key: saving.excluded[each.key] for each in _SAVED}
    return saving.on_conflict_do_update(index_elements=_KEY, set_=changed)


def changed_since(connection: Connection, program: str, position: int, limit: int) -> list[Standing]:
    """Standings in the order of their latest change, after `position`."""
    given = {"program": program, "after": position, "most": limit}
    return [Standing(*row) for row in connection.execute(_CHANGED, given).all()]


class BandRange(NamedTuple):
    """A band and the stored scores, low <= stored < high, that belong in it; None is unbounded."""

    band: str | None
    low: float | None
    high: float | None


def out_of_band(
    connection: Connection, program: str, ranges: Sequence[BandRange], *, after: str, limit: int
) -> list[str]:
    """Partners, by id, noted in a band whose range their stored score is not in."""
    stray = [
        and_(standings.c.band.is_not_distinct_from(each.band), outside)
        for each in ranges
        for outside in _outside(each)
    ]
    if not stray:
        return []
    query = select(standings.c.partner).where(
        standings.c.program == program, standings.c.partner > after, or_(*stray)
    )
    return list(connection.scalars(query.order_by(standings.c.partner).limit(limit)))


def _outside(limits: BandRange) -> Iterator[ColumnElement[bool]]:
    if limits.low is not None:
        yield standings.c.stored < limits.low
    if limits.high is not None:
        yield standings.c.stored >= limits.high


def past_threshold(
    connection: Connection, program: str, least: float, *, after: Standing | None, limit: int
) -> list[Standing]:
    """Armed standings with at least this stored score, the best grade and then the highest first."""
    urgency = tuple_(standings.c.grade_rank, -standings.c.stored, standings.c.partner)
    query = select(*_COLUMNS).where(
        standings.c.program == program, standings.c.stored >= least, standings.c.armed
    )
    if after is not None:
        query = query.where(urgency > tuple_(after.grade_rank, -after.stored, after.partner))
    order = (standings.c.grade_rank, standings.c.stored.desc(), standings.c.partner)
    return [Standing(*row) for row in connection.execute(query.order_by(*order).limit(limit))]


def due_to_rearm(connection: Connection, program: str, today: int, *, after: str, limit: int) -> list[str]:
    """Partners, by id, that time has armed again without it being noted."""
    query = select(standings.c.partner).where(
        standings.c.program == program,
        standings.c.partner > after,
        standings.c.armed.is_(False),
        standings.c.open_handoff.is_(None),
        standings.c.rearm_on <= today,
    )
    return list(connection.scalars(query.order_by(standings.c.partner).limit(limit)))


def multiply(connection: Connection, program: str, factor: float) -> None:
    """Weight every stored score of a program anew; what is next to nothing becomes nothing."""
    # PostgreSQL refuses a product that is too small for a float.
    faded = func.abs(standings.c.stored) < NOTHING / max(factor, NOTHING)
    connection.execute(
        update(standings)
        .where(standings.c.program == program)
        .values(stored=case((faded, 0.0), else_=standings.c.stored * factor))
    )
