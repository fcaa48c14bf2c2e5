"""Queries on webhooks."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from app.models import webhooks

WebhookRow = Row[tuple[Any, ...]]


def add(connection: Connection, **values: object) -> None:
    """Store a webhook."""
    connection.execute(insert(webhooks).values(**values))


def get(connection: Connection, program: str, webhook: str) -> WebhookRow | None:
    """One webhook."""
    return connection.execute(
        select(webhooks).where(webhooks.c.program == program, webhooks.c.id == webhook)
    ).one_or_none()


def page(connection: Connection, program: str, *, after: str, limit: int) -> Sequence[WebhookRow]:
    """Webhooks by id, which is by age."""
    return connection.execute(
        select(webhooks)
        .where(webhooks.c.program == program, webhooks.c.id > after)
        .order_by(webhooks.c.id)
        .limit(limit)
    ).all()


def all_of(connection: Connection, program: str) -> Sequence[WebhookRow]:
    """All webhooks of a program; they are few."""
    return connection.execute(
        select(webhooks).where(webhooks.c.program == program).order_by(webhooks.c.id)
    ).all()


def remove(connection: Connection, program: str, webhook: str) -> bool:
    """Delete a webhook and what is owed to it; whether there was one."""
    gone = connection.execute(delete(webhooks).where(webhooks.c.program == program, webhooks.c.id == webhook))
    return gone.rowcount > 0
