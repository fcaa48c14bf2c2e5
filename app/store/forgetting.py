"""Queries that delete what is old, some rows at a time. What is owed, held or dead is never old."""

from datetime import datetime

from sqlalchemy import Connection, delete, or_, select, tuple_

from app.models import attempts, deliveries, webhooks
from app.store.recordset import among


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
