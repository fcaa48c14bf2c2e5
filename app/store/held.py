"""Queries on deliveries that are held because their webhook is disabled."""

from collections.abc import Sequence

from sqlalchemy import Connection, exists, select, update

from app.models import deliveries, webhooks
from app.store.deliveries import OWED, PING
from app.store.recordset import among


def hold(connection: Connection, webhook: str, *, limit: int) -> int:
    """Hold some of what is owed to a disabled webhook, test pings excepted; how many."""
    some = (
        select(deliveries.c.id)
        .where(deliveries.c.webhook == webhook, OWED, deliveries.c.type != PING)
        .order_by(deliveries.c.due_at)
        .limit(limit)
        # What somebody is just settling comes next time.
        .with_for_update(skip_locked=True)
    )
    ids = connection.execute(some).scalars().all()
    connection.execute(
        update(deliveries).where(among(connection, deliveries.c.id, ids), OWED).values(state="held")
    )
    return len(ids)


def still_owed(connection: Connection, webhook: str) -> bool:
    """Whether anything but test pings is owed to it."""
    owed = select(deliveries.c.id).where(deliveries.c.webhook == webhook, OWED, deliveries.c.type != PING)
    return connection.execute(owed.limit(1)).first() is not None


def to_hold(connection: Connection) -> Sequence[str]:
    """The disabled webhooks to which something is still owed."""
    owed = exists().where(deliveries.c.webhook == webhooks.c.id, OWED, deliveries.c.type != PING)
    return (
        connection.execute(
            select(webhooks.c.id).where(webhooks.c.enabled.is_(False), webhooks.c.deleted_at.is_(None), owed)
        )
        .scalars()
        .all()
    )
