"""Queries on deliveries: what is owed, who is sending it just now, what came of it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    Integer,
    Row,
    Select,
    case,
    column,
    func,
    insert,
    literal,
    literal_column,
    or_,
    select,
    tuple_,
    update,
)

from app import clock
from app.models import attempts, deliveries, webhooks
from app.models.base import UtcDateTime
from app.store.recordset import among, inserting, recordset

DeliveryRow = Row[tuple[Any, ...]]

# Of one webhook, in flight at one worker: all that a slow receiver can take from the others.
PER_WEBHOOK = 10

_ADDED = [
    deliveries.c[name]
    for name in ("id", "program", "webhook", "type", "partner", "body", "created_at", "due_at")
]
_LISTED = [each for each in deliveries.c if each.key != "body"]
# Literal: an index on owed rows only is of no use to a statement that has the state as a parameter.
_OWED = deliveries.c.state == literal_column("'owed'")
_WITH_WEBHOOK = select(deliveries, webhooks.c.url, webhooks.c.secret).join_from(deliveries, webhooks)


def database_now(connection: Connection) -> datetime:
    """The server's time, since workers' hosts may disagree about leases; SQLite has but one host."""
    if connection.dialect.name == "sqlite":
        return clock.now()
    return connection.execute(select(func.clock_timestamp(type_=UtcDateTime))).scalar_one()


def add(connection: Connection, rows: Collection[Mapping[str, Any]]) -> None:
    """Store what is owed, in one statement.

    A row has id, program, webhook, type, partner, body, created_at and due_at. What is for a disabled
    webhook is held; what is for one that has just been deleted is left out.
    """
    values = [[row[each.key] for each in _ADDED] for row in rows]
    source = recordset(connection, _ADDED, values)
    state = case((webhooks.c.enabled, "owed"), else_="held")
    query = select(*(source.c[each.key] for each in _ADDED), state, literal(0), literal(0)).join_from(
        source, webhooks, webhooks.c.id == source.c.webhook
    )
    # Whoever deletes or disables a webhook at this moment waits for us, or we for them.
    query = query.with_for_update(read=True, of=webhooks)
    names = [*(each.key for each in _ADDED), "state", "attempts", "fence"]
    connection.execute(inserting(connection, deliveries).from_select(names, query))


def claim(
    connection: Connection, limit: int, *, now: datetime, lease: timedelta, in_flight: Mapping[str, int]
) -> list[DeliveryRow]:
    """Lease at most `limit` owed deliveries; each row has its webhook's `url` and sealed `secret` too.

    `in_flight` counts, by webhook, what the caller still has from before: it gets PER_WEBHOOK of each in
    all, and of every webhook the first before the second of any.
    """
    due = _due(connection, limit, now=now, in_flight=in_flight).cte("due")
    leased = connection.execute(
        update(deliveries)
        .where(deliveries.c.id.in_(select(due.c.id)))
        .values(leased_until=now + lease, fence=deliveries.c.fence + 1)
        .returning(deliveries.c.id)
    ).scalars()
    return list(connection.execute(_WITH_WEBHOOK.where(among(connection, deliveries.c.id, leased.all()))))


def _due(
    connection: Connection, limit: int, *, now: datetime, in_flight: Mapping[str, int]
) -> Select[tuple[str]]:
    free = or_(deliveries.c.leased_until.is_(None), deliveries.c.leased_until < now)
    enabled = select(webhooks.c.id).where(webhooks.c.enabled)
    place = func.row_number().over(partition_by=deliveries.c.webhook, order_by=deliveries.c.due_at)
    ranked = (
        select(deliveries.c.id, deliveries.c.webhook, place.label("place"))
        .where(_OWED, free, deliveries.c.due_at <= now, deliveries.c.webhook.in_(enabled))
        .subquery("ranked")
    )
    busy = recordset(connection, [deliveries.c.webhook, column("n", Integer)], list(in_flight.items()))
    # `free` and `owed` again: PostgreSQL looks at the locked row once more, and at nothing else.
    return (
        select(deliveries.c.id)
        .join(ranked, ranked.c.id == deliveries.c.id)
        .join(busy, busy.c.webhook == ranked.c.webhook, isouter=True)
        .where(_OWED, free, ranked.c.place <= PER_WEBHOOK - func.coalesce(busy.c.n, 0))
        .order_by(ranked.c.place, deliveries.c.due_at)
        .limit(limit)
        .with_for_update(of=deliveries, skip_locked=True)
    )


def settle(
    connection: Connection,
    delivery: str,
    fence: int,
    *,
    attempt: Mapping[str, Any],
    changes: Mapping[str, Any],
) -> bool:
    """End a claim: write the attempt (without its number) and the `changes` to the delivery.

    False, and nothing is written, if the claim is no longer the caller's: another has taken it over,
    or the caller has settled it already and did not hear of it.
    """
    held = (deliveries.c.id == delivery, deliveries.c.fence == fence, deliveries.c.leased_until.is_not(None))
    number = connection.execute(
        update(deliveries)
        .where(*held)
        .values(leased_until=None, attempts=deliveries.c.attempts + 1, **changes)
        .returning(deliveries.c.attempts)
    ).scalar_one_or_none()
    if number is None:
        return False
    connection.execute(insert(attempts).values(delivery=delivery, n=number, **attempt))
    return True


def release(connection: Connection, claims: Collection[tuple[str, int]]) -> None:
    """Give claims back, each an (id, fence), as if they had not been made; those lost meanwhile stay lost."""
    mine = recordset(connection, [deliveries.c.id, deliveries.c.fence], claims)
    still = (deliveries.c.id == mine.c.id, deliveries.c.fence == mine.c.fence)
    connection.execute(update(deliveries).where(*still).values(leased_until=None))


def disable_webhook(connection: Connection, webhook: str, reason: str) -> bool:
    """Send it nothing more and hold what it is owed; whether it was enabled until now."""
    # The webhook first: two workers that both hear "gone" would else wait for each other's deliveries.
    row = webhooks.c.id == webhook
    enabled = connection.scalar(select(webhooks.c.enabled).where(row).with_for_update())
    if not enabled:
        return False
    connection.execute(update(webhooks).where(row).values(enabled=False, disabled_reason=reason))
    connection.execute(update(deliveries).where(deliveries.c.webhook == webhook, _OWED).values(state="held"))
    return True


def forget_bodies(connection: Connection, program: str, partners: Collection[str]) -> None:
    """Empty what was delivered about these partners; what is still owed must go out as it is."""
    theirs = (deliveries.c.program == program, among(connection, deliveries.c.partner, partners))
    connection.execute(update(deliveries).where(*theirs, deliveries.c.state == "delivered").values(body="{}"))


def page(
    connection: Connection,
    program: str,
    *,
    webhook: str | None,
    status: str | None,
    since: datetime | None,
    before: tuple[datetime, str] | None,
    limit: int,
) -> Sequence[DeliveryRow]:
    """Deliveries without their bodies, newest first; `before` is the last row's (created_at, id)."""
    query = select(*_LISTED).where(deliveries.c.program == program)
    if webhook is not None:
        query = query.where(deliveries.c.webhook == webhook)
    if status is not None:
        query = query.where(deliveries.c.state == status)
    if since is not None:
        query = query.where(deliveries.c.created_at >= since)
    age = tuple_(deliveries.c.created_at, deliveries.c.id)
    if before is not None:
        query = query.where(age < before)
    newest = query.order_by(deliveries.c.created_at.desc(), deliveries.c.id.desc())
    return connection.execute(newest.limit(limit)).all()


def get(connection: Connection, program: str, delivery: str) -> DeliveryRow | None:
    """One delivery, with its body."""
    return connection.execute(
        select(deliveries).where(deliveries.c.program == program, deliveries.c.id == delivery)
    ).one_or_none()


def attempts_of(connection: Connection, delivery: str) -> Sequence[DeliveryRow]:
    """The attempts at one delivery, first to last."""
    return connection.execute(
        select(attempts).where(attempts.c.delivery == delivery).order_by(attempts.c.n)
    ).all()
