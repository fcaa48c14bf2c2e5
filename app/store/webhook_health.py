"""Queries on how webhooks do: since when one fails, when it last went well."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Executable, Select, select, update

from app.models import webhook_health
from app.store.recordset import Given, prepared


class Health(NamedTuple):
    """How one webhook does; `failures` counts attempts since `failing_since`."""

    failing_since: datetime | None = None
    failures: int = 0
    last_failure_at: datetime | None = None
    last_success_at: datetime | None = None
    warned_at: datetime | None = None


def of(connection: Connection, hooks: Collection[str], *, lock: bool = False) -> dict[str, Health]:
    """The health of each of these webhooks."""
    found = (_locked if lock else _of)(connection, [(each,) for each in hooks])
    return {row.webhook: Health(*(getattr(row, name) for name in Health._fields)) for row in found}


def _of_these(given: Given) -> Select[Any]:
    wanted = given.rows
    query = select(webhook_health).join(wanted, wanted.c.webhook == webhook_health.c.webhook)
    return query.order_by(webhook_health.c.webhook)


@prepared(webhook_health.c.webhook)
def _of(given: Given) -> Executable:
    return _of_these(given)


@prepared(webhook_health.c.webhook)
def _locked(given: Given) -> Executable:
    return _of_these(given).with_for_update(of=webhook_health)


def save(connection: Connection, health: Mapping[str, Health]) -> None:
    """Write the health of these webhooks."""
    _save(connection, [(webhook, *each) for webhook, each in health.items()])


@prepared(*(webhook_health.c[name] for name in ("webhook", *Health._fields)))
def _save(given: Given) -> Executable:
    rows = given.rows
    saving = update(webhook_health).where(webhook_health.c.webhook == rows.c.webhook)
    return saving.values({name: rows.c[name] for name in Health._fields})
