"""Queries that delete what is old, some rows at a time. What is owed, held or dead is never old."""

from datetime import datetime

from sqlalchemy import Connection, delete, exists, or_, select, tuple_

from app.models import attempts, deliveries, webhooks
from app.store.recordset import among

_DELETED = webhooks.c.deleted_at.is_not(None)


def hooks(connection: Connection) -> list[str]:
    """All webhooks of all programs."""
    return list(connection.execute(select(webhooks.c.id)).scalars())


def forget_deliveries(connection: Connection, webhook: str, *, before: datetime, limit: int) -> int:
    """Delete some of what was delivered before then, with its attempts; how many."""
    old = (
        select(deliveries.c.id)
        .where(
            deliveries.c.webhook == webhook,
            deliveries.c.state == "delivered",
            deliveries.c.created_at < before,
            or_(deliveries.c.finished_at.is_(None), deliveries.c.finished_at < before),
        )
        .order_by(deliveries.c.created_at)
        .limit(limit)
    )
    ids = connection.execute(old).scalars().all()
    connection.execute(delete(deliveries).where(among(connection, deliveries.c.id, ids)))
    return len(ids)


def deleted(connection: Connection) -> list[str]:
    """The webhooks that were deleted, of all programs."""
    return list(connection.execute(select(webhooks.c.id).where(_DELETED)).scalars())


def forget_of_deleted(connection: Connection, webhook: str, *, limit: int) -> int:
    """Delete some of a deleted webhook's deliveries, whatever their state, with their attempts; how many."""
    some = select(deliveries.c.id).where(deliveries.c.webhook == webhook).limit(limit)
    # What somebody is just settling comes next time.
    ids = connection.execute(some.with_for_update(skip_locked=True)).scalars().all()
    connection.execute(delete(deliveries).where(among(connection, deliveries.c.id, ids)))
    return len(ids)


def forget_webhook(connection: Connection, webhook: str) -> None:
    """Delete a deleted webhook, if none of its deliveries are left."""
    left = exists().where(deliveries.c.webhook == webhook)
    connection.execute(delete(webhooks).where(webhooks.c.id == webhook, _DELETED, ~left))


def forget_attempts(connection: Connection, *, before: datetime, limit: int) -> int:
    """Delete some attempts that began before then; how many."""
    old = (
        select(attempts.c.delivery, attempts.c.n)
        .where(attempts.c.started_at < before)
        .order_by(attempts.c.started_at)
        .limit(limit)
    )
    key = tuple_(attempts.c.delivery, attempts.c.n)
    return connection.execute(delete(attempts).where(key.in_(old))).rowcount
