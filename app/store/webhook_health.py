"""Queries on how webhooks do: since when one fails, when it last went well."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select, update

from app.models import webhook_health
from app.store.recordset import among, recordset


class Health(NamedTuple):
    """How one webhook does; `failures` counts attempts since `failing_since`."""

    failing_since: datetime | None = None
    failures: int = 0
    last_failure_at: datetime | None = None
    last_success_at: datetime | None = None
    warned_at: datetime | None = None


def of(connection: Connection, hooks: Collection[str], *, lock: bool = False) -> dict[str, Health]:
    """The health of each of these webhooks."""
    query = (
        select(webhook_health)
        .where(among(connection, webhook_health.c.webhook, hooks))
        .order_by(webhook_health.c.webhook)
    )
    found = connection.execute(query.with_for_update() if lock else query)
    return {row.webhook: Health(*(getattr(row, name) for name in Health._fields)) for row in found}


def save(connection: Connection, health: Mapping[str, Health]) -> None:
    """Write the health of these webhooks."""
    named = [webhook_health.c[name] for name in ("webhook", *Health._fields)]
    rows = recordset(connection, named, [(webhook, *each) for webhook, each in health.items()])
    connection.execute(
        update(webhook_health)
        .where(webhook_health.c.webhook == rows.c.webhook)
        .values({name: rows.c[name] for name in Health._fields})
    )
