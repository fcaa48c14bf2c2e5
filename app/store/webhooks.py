"""Queries on webhooks and their secrets."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    Row,
    Select,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from app.models import webhook_health, webhook_secrets, webhooks
from app.models.base import UtcDateTime
from app.store.recordset import Given, prepared

WebhookRow = Row[tuple[Any, ...]]

_THERE = webhooks.c.deleted_at.is_(None)
_TYPES_OF = (
    select(webhooks.c.id, webhooks.c.types)
    .where(webhooks.c.program == bindparam("program"), _THERE)
    .order_by(webhooks.c.id)
)


def add(connection: Connection, **values: object) -> None:
    """Store a webhook that nothing has been sent to."""
    connection.execute(insert(webhooks).values(**values))
    connection.execute(insert(webhook_health).values(webhook=values["id"], failures=0))


def get(connection: Connection, program: str, webhook: str, *, lock: bool = False) -> WebhookRow | None:
    """One webhook; locked, nobody can owe it anything until the commit."""
    query = select(webhooks).where(webhooks.c.program == program, webhooks.c.id == webhook, _THERE)
    # Whoever only refers to it by its key, as a repeated delivery does, need not wait.
    return connection.execute(query.with_for_update(key_share=True) if lock else query).one_or_none()


def find(connection: Connection, webhook: str) -> WebhookRow | None:
    """One webhook of whichever program."""
    return connection.execute(select(webhooks).where(webhooks.c.id == webhook, _THERE)).one_or_none()


def lock_all(connection: Connection, programs: Select[tuple[str]] | Collection[str]) -> Sequence[WebhookRow]:
    """Lock all webhooks of these programs, always in the same order.

    Whoever disables one tells the others, and so needs their rows too: two who began with their own would
    wait for each other. Taken before deliveries, and those before health.
    """
    query = select(webhooks).where(webhooks.c.program.in_(programs), _THERE).order_by(webhooks.c.id)
    return connection.execute(query.with_for_update(key_share=True)).all()


def programs_of(hooks: Collection[str]) -> Select[tuple[str]]:
    """The programs that have these webhooks."""
    return select(webhooks.c.program).where(webhooks.c.id.in_(hooks))


def page(connection: Connection, program: str, *, after: str, limit: int) -> Sequence[WebhookRow]:
    """Webhooks by id, which is by age."""
    return connection.execute(
        select(webhooks)
        .where(webhooks.c.program == program, webhooks.c.id > after, _THERE)
        .order_by(webhooks.c.id)
        .limit(limit)
    ).all()


def types_of(connection: Connection, program: str) -> dict[str, list[str]]:
    """Which types of message each webhook of a program wants; they are few."""
    return {row.id: row.types for row in connection.execute(_TYPES_OF, {"program": program})}


def change(connection: Connection, webhook: str, values: Mapping[str, Any]) -> None:
    """Write columns of one webhook."""
    connection.execute(update(webhooks).where(webhooks.c.id == webhook).values(**values))


def secrets_of(
    connection: Connection, hooks: Collection[str], *, now: datetime
) -> dict[str, list[WebhookRow]]:
    """The secrets of each webhook that sign now, the newest first."""
    found: dict[str, list[WebhookRow]] = {each: [] for each in hooks}
    for row in _secrets_of(connection, [(each,) for each in hooks], now=now):
        found[row.webhook].append(row)
    return found


@prepared(webhook_secrets.c.webhook)
def _secrets_of(given: Given) -> Executable:
    wanted, now = given.rows, bindparam("now", type_=UtcDateTime)
    query = select(webhook_secrets).join(wanted, wanted.c.webhook == webhook_secrets.c.webhook)
    return query.where(live_secret(now)).order_by(webhook_secrets.c.n.desc())


def live_secret(now: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Whether a secret signs at that time."""
    return or_(webhook_secrets.c.expires_at.is_(None), webhook_secrets.c.expires_at > now)


def add_secret(connection: Connection, webhook: str, **values: object) -> None:
    """Store a secret after those that the webhook has."""
    last = select(func.coalesce(func.max(webhook_secrets.c.n), 0)).where(webhook_secrets.c.webhook == webhook)
    number = connection.scalars(last).one() + 1
    connection.execute(insert(webhook_secrets).values(webhook=webhook, n=number, **values))


def expire_secrets(connection: Connection, webhook: str, *, at: datetime, keep: int) -> None:
    """Let current secrets end then, and forget at once all but the newest `keep`."""
    theirs = webhook_secrets.c.webhook == webhook
    newest = select(webhook_secrets.c.n).where(theirs).order_by(webhook_secrets.c.n.desc()).limit(keep)
    connection.execute(delete(webhook_secrets).where(theirs, webhook_secrets.c.n.not_in(newest)))
    connection.execute(
        update(webhook_secrets).where(theirs, webhook_secrets.c.expires_at.is_(None)).values(expires_at=at)
    )
