"""Queries for what is due to be sent, and to whom.

Nothing here ranks all that is owed: a claim steps from webhook to webhook through the index on owed rows,
and reads of each only what it takes.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

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
)

from app.models import deliveries, webhook_secrets, webhooks
from app.models.base import UtcDateTime
from app.store.deliveries import OWED, PING, DeliveryRow
from app.store.recordset import Given, prepared
from app.store.webhooks import live_secret

WebhookRow = Row[tuple[Any, ...]]

SOON = timedelta(seconds=1)
"""After which a message looks again whether the one before it is through, if that may be about to be."""

LATER = timedelta(hours=1)
"""After which it looks again otherwise; whoever ends the one before it has it looked at sooner."""

# What is read for each of so many is only what is looked at: every column takes its time, most of all a time.
_SENT_TO = ("id", "program", "url", "format", "headers", "max_in_flight", "per_second")
NAMED = ("id", "program", "webhook", "partner", "sequence", "attempts")
_CANDIDATE = [deliveries.c[name] for name in (*NAMED, "lost", "claimed_at", "leased_until")]


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


def owed(table: Any) -> ColumnElement[bool]:
    """Whether a row of deliveries, or of an alias of it, is owed."""
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
        .where(table.c.webhook == webhook, owed(table), table.c.due_at <= _NOW, _free(table))
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
            owed(earlier),
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
