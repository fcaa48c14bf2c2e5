"""Queries of the worker: what is due, a lease on it, and the end of a claim.

Nothing here ranks all that is owed: a claim steps from webhook to webhook through the index on owed rows,
and reads of each only what it takes.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    FromClause,
    Integer,
    Row,
    Select,
    and_,
    bindparam,
    case,
    column,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
    update,
)

from app.models import attempts, deliveries, webhook_secrets, webhooks
from app.models.base import UtcDateTime
from app.store.deliveries import OWED, PING, DeliveryRow
from app.store.recordset import Given, among, prepared, recordset
from app.store.webhooks import live_secret

WebhookRow = Row[tuple[Any, ...]]
Claimed = tuple[str, int]
"""A delivery's id, and the fence that it was claimed with."""


class Ending(NamedTuple):
    """How a claim ends; where `state` or `due_at` is None, it stays."""

    id: str
    fence: int
    state: str | None = None
    due_at: datetime | None = None


SOON = timedelta(seconds=1)
"""After which a message looks again whether the one before it is through, if that may be about to be."""

LATER = timedelta(hours=1)
"""After which it looks again otherwise; whoever ends the one before it has it looked at sooner."""

_UNTIL = bindparam("until", type_=UtcDateTime)
_KEPT = ("delivery", "n", "started_at", "milliseconds", "status", "error", "answer")
# What is read for each of so many is only what is looked at: every column takes its time, most of all a time.
_SENT_TO = ("id", "program", "url", "format", "headers", "max_in_flight", "per_second")
_NAMED = ("id", "program", "webhook", "partner", "sequence", "attempts")
_CANDIDATE = [deliveries.c[name] for name in (*_NAMED, "lost", "claimed_at", "leased_until")]
_LEASED = [deliveries.c[name] for name in (*_NAMED, "type", "body", "uncounted", "fence", "replayed_at")]


def due_webhooks(connection: Connection, *, now: datetime) -> Sequence[WebhookRow]:
    """The webhooks that something can be claimed for, in no order; of each what it takes to send to it.

    Each comes once for every secret that signs now, the newest first.
    """
    return connection.execute(_DUE_WEBHOOKS, {"now": now}).all()


def candidates(connection: Connection, quotas: Mapping[str, int], *, now: datetime) -> Sequence[DeliveryRow]:
    """Lock of each webhook the longest due, as many as its quota says.

    Each has `waits_until`: null, unless an earlier message of its partner must go first.
    """
    most, times = max(quotas.values(), default=0), {"now": now, "soon": now + SOON, "later": now + LATER}
    found: Sequence[DeliveryRow] = _candidates(connection, list(quotas.items()), most=most, **times).all()
    return found


def _owed(table: Any) -> ColumnElement[bool]:
    # Literal: an index on owed rows only is of no use to a statement that has the state as a parameter.
    same: ColumnElement[bool] = table.c.state == literal_column("'owed'")
    return same


def _free(table: Any) -> ColumnElement[bool]:
    return or_(table.c.leased_until.is_(None), table.c.leased_until < _NOW)


def _first_due(webhook: ColumnElement[str], table: Any, *columns: Any) -> Select[Any]:
    """What can be claimed for a webhook, the longest due first; of a disabled one only pings."""
    hook = webhooks.alias("hook")
    enabled = select(hook.c.enabled).where(hook.c.id == webhook).correlate_except(hook).scalar_subquery()
    return (
        select(*columns)
        .where(table.c.webhook == webhook, _owed(table), table.c.due_at <= _NOW, _free(table))
        .where(or_(table.c.type == PING, enabled))
        .order_by(table.c.due_at)
    )


def _owing_webhooks() -> Select[Any]:
    """From one webhook to the next through the index, however much is owed to each."""
    owing = select(func.min(deliveries.c.webhook).label("id")).where(OWED).cte("owing", recursive=True)
    after = select(func.min(deliveries.c.webhook)).where(OWED, deliveries.c.webhook > owing.c.id)
    owing = owing.union_all(select(after.scalar_subquery()).where(owing.c.id.is_not(None)))
    first = _first_due(owing.c.id, deliveries, deliveries.c.due_at).limit(1).correlate(owing)
    # Materialized: else PostgreSQL, without statistics, looks for the first again for each pair of webhooks.
    found = select(owing.c.id, first.scalar_subquery().label("first")).cte("found")
    found = found.prefix_with("MATERIALIZED")
    sent_to = select(*(webhooks.c[name] for name in _SENT_TO), webhook_secrets.c.secret)
    return (
        sent_to.join(found, found.c.id == webhooks.c.id)
        .join(webhook_secrets, and_(webhook_secrets.c.webhook == webhooks.c.id, live_secret(_NOW)))
        .where(found.c.first.is_not(None), webhooks.c.deleted_at.is_(None))
        .order_by(webhook_secrets.c.n.desc())
    )


def _waits_until() -> ColumnElement[Any]:
    earlier = deliveries.alias("earlier")
    # The one before may be settled while we look, and then nobody says so again; nor to one that was tried.
    unsaid = or_(earlier.c.leased_until.is_not(None), deliveries.c.attempts != deliveries.c.uncounted)
    look = case((unsaid, _SOON), else_=_LATER)
    before = (
        select(case((earlier.c.due_at > look, earlier.c.due_at), else_=look))
        .where(
            earlier.c.webhook == deliveries.c.webhook,
            earlier.c.partner == deliveries.c.partner,
            earlier.c.sequence < deliveries.c.sequence,
            _owed(earlier),
        )
        .order_by(earlier.c.sequence.desc())
        .limit(1)
        .correlate(deliveries)
        .scalar_subquery()
    )
    return case((deliveries.c.sequence.is_not(None), before), else_=null()).label("waits_until")


@prepared(deliveries.c.webhook, column("quota", Integer))
def _candidates(given: Given) -> Executable:
    return _beside_others(given.rows) if given.dialect == "postgresql" else _alone(given.rows)


def _beside_others(asked: FromClause) -> Select[Any]:
    due = deliveries.alias("due")
    place = func.row_number().over(order_by=due.c.due_at).label("place")
    first = _first_due(asked.c.webhook, due, due.c.id, place).limit(_MOST).correlate(asked).lateral("first")
    # Owed and free once more: PostgreSQL looks again at a row it had to wait for, and at nothing else.
    found: Select[Any] = select(*_CANDIDATE, _waits_until()).join_from(asked, first, true())
    return (
        found.join(deliveries, deliveries.c.id == first.c.id)
        .where(first.c.place <= asked.c.quota, OWED, _free(deliveries))
        .with_for_update(of=deliveries, skip_locked=True)
    )


def _alone(asked: FromClause) -> Select[Any]:
    """The same without LATERAL, which SQLite does not know, nor locks on rows."""
    due = deliveries.alias("due")
    first = _first_due(asked.c.webhook, due, due.c.id).limit(_MOST).correlate(asked)
    place = func.row_number().over(partition_by=deliveries.c.webhook, order_by=deliveries.c.due_at)
    query = select(*_CANDIDATE, _waits_until(), asked.c.quota, place.label("place"))
    found = query.join_from(asked, deliveries, deliveries.c.id.in_(first)).subquery("found")
    return select(found).where(found.c.place <= found.c.quota)


_NOW, _SOON, _LATER = (bindparam(name, type_=UtcDateTime) for name in ("now", "soon", "later"))
_MOST = bindparam("most", type_=Integer)
_DUE_WEBHOOKS = _owing_webhooks()


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
            _owed(later),
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
