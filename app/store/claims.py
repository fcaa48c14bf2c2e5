"""Queries of the worker: a lease on what is due, and the end of a claim."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    null,
    select,
    update,
)

from app.models import attempts, deliveries
from app.models.base import UtcDateTime
from app.store.deliveries import OWED, DeliveryRow
from app.store.due import NAMED, owed
from app.store.recordset import Given, among, prepared, recordset

Claimed = tuple[str, int]
"""A delivery's id, and the fence that it was claimed with."""


class Ending(NamedTuple):
    """How a claim ends; where `state` or `due_at` is None, it stays."""

    id: str
    fence: int
    state: str | None = None
    due_at: datetime | None = None


_UNTIL = bindparam("until", type_=UtcDateTime)
_KEPT = ("delivery", "n", "started_at", "milliseconds", "status", "error", "answer")
_LEASED = [deliveries.c[name] for name in (*NAMED, "type", "body", "uncounted", "fence", "replayed_at")]


def lease(
    connection: Connection, ids: Collection[str], *, now: datetime, until: datetime
) -> Sequence[DeliveryRow]:
    """Claim locked candidates; as they are then. A claim that was lost before counts as an attempt."""
    leased: Sequence[DeliveryRow] = _lease(
        connection, [(each,) for each in ids], claimed=now, until=until
    ).all()
    return leased


@prepared(deliveries.c.id)
def _lease(given: Given) -> Executable:
    mine = deliveries.c.id.in_(select(given.rows.c.id))
    lost = case((deliveries.c.leased_until.is_not(None), 1), else_=0)
    counted = {name: deliveries.c[name] + lost for name in ("attempts", "uncounted", "lost")}
    times = {"claimed_at": bindparam("claimed", type_=UtcDateTime), "leased_until": _UNTIL}
    leasing = update(deliveries).where(mine)
    return leasing.values(fence=deliveries.c.fence + 1, **times, **counted).returning(*_LEASED)


def give_up(connection: Connection, ids: Collection[str], *, now: datetime) -> None:
    """Make locked candidates dead whose every worker was lost, and leave them to a person."""
    ended = {"state": "dead", "finished_at": now, "leased_until": None, "fence": deliveries.c.fence + 1}
    counted = {name: deliveries.c[name] + 1 for name in ("attempts", "uncounted", "lost")}
    mine = among(connection, deliveries.c.id, ids)
    connection.execute(update(deliveries).where(mine).values(**ended, **counted))


def put_off(connection: Connection, until: Collection[tuple[str, datetime]]) -> None:
    """Have locked candidates looked at again later; each is (id, when)."""
    later = recordset(connection, [deliveries.c.id, deliveries.c.due_at], list(until))
    connection.execute(update(deliveries).where(deliveries.c.id == later.c.id).values(due_at=later.c.due_at))


def renew(connection: Connection, claims: Collection[Claimed], *, until: datetime) -> set[str]:
    """Lengthen the leases of these claims; the ids of those that are still the caller's."""
    return set(_renew(connection, claims, until=until).scalars())


@prepared(deliveries.c.id, deliveries.c.fence)
def _renew(given: Given) -> Executable:
    return (
        update(deliveries).where(*_still(given.rows)).values(leased_until=_UNTIL).returning(deliveries.c.id)
    )


def release(connection: Connection, claims: Collection[Claimed]) -> None:
    """Give claims back as if they had not been made; those lost meanwhile stay lost."""
    _release(connection, claims)


@prepared(deliveries.c.id, deliveries.c.fence)
def _release(given: Given) -> Executable:
    return update(deliveries).where(*_still(given.rows)).values(leased_until=None)


def settle(connection: Connection, endings: Collection[Ending], *, now: datetime) -> Sequence[DeliveryRow]:
    """End claims, in one statement; those that were still the caller's, as they are then.

    What was taken over by another, or settled before, is left alone.
    """
    ended: Sequence[DeliveryRow] = _settle(connection, endings, ended=now).all()
    return ended


@prepared(*(deliveries.c[name] for name in Ending._fields))
def _settle(given: Given) -> Executable:
    mine = given.rows
    over = mine.c.state.in_([literal_column("'delivered'"), literal_column("'dead'")])
    ending = (
        update(deliveries)
        .where(*_still(mine))
        .values(
            state=func.coalesce(mine.c.state, deliveries.c.state),
            due_at=func.coalesce(mine.c.due_at, deliveries.c.due_at),
            finished_at=case((over, bindparam("ended", type_=UtcDateTime)), else_=null()),
            leased_until=None,
            attempts=deliveries.c.attempts + 1,
        )
    )
    kept = ("id", "fence", "webhook", "partner", "sequence", "state", "attempts")
    return ending.returning(*(deliveries.c[name] for name in kept))


def record(connection: Connection, rows: Collection[Mapping[str, Any]]) -> None:
    """Write attempts down; a row has what the table has."""
    _record(connection, [[row.get(name) for name in _KEPT] for row in rows])


@prepared(*(attempts.c[name] for name in _KEPT))
def _record(given: Given) -> Executable:
    return given.into(attempts)


def next_in_order(
    connection: Connection, finished: Collection[tuple[str, str, int]], *, now: datetime
) -> None:
    """Have the messages looked at now that waited for these, each (webhook, partner, sequence)."""
    _next_in_order(connection, finished, due=now)


@prepared(deliveries.c.webhook, deliveries.c.partner, deliveries.c.sequence)
def _next_in_order(given: Given) -> Executable:
    through = given.rows
    later = deliveries.alias("later")
    following = (
        select(func.min(later.c.sequence))
        .where(
            later.c.webhook == through.c.webhook,
            later.c.partner == through.c.partner,
            later.c.sequence > through.c.sequence,
            owed(later),
        )
        .correlate(through)
        .scalar_subquery()
    )
    waiting = select(through.c.webhook, through.c.partner, following.label("sequence")).subquery("waiting")
    same = and_(*(deliveries.c[each.key] == waiting.c[each.key] for each in given.columns))
    # One that was tried already keeps to its schedule.
    untried = deliveries.c.attempts == deliveries.c.uncounted
    due_at = bindparam("due", type_=UtcDateTime)
    return update(deliveries).where(same, OWED, untried).values(due_at=due_at)


def _still(mine: Any) -> tuple[ColumnElement[bool], ...]:
    return (
        deliveries.c.id == mine.c.id,
        deliveries.c.fence == mine.c.fence,
        deliveries.c.leased_until.is_not(None),
    )
