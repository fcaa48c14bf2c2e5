"""Queries on replays: what is sent again, and how far that has come."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, or_, select, tuple_, update

from app.models import deliveries, webhook_replays

ReplayRow = Row[tuple[Any, ...]]


def add(connection: Connection, webhook: str, **values: Any) -> int:
    """Store a replay to be worked on; its number."""
    last = select(func.coalesce(func.max(webhook_replays.c.n), 0)).where(webhook_replays.c.webhook == webhook)
    number: int = connection.scalars(last).one() + 1
    connection.execute(
        insert(webhook_replays).values(webhook=webhook, n=number, replayed=0, stopped=False, **values)
    )
    return number


def get(connection: Connection, webhook: str, n: int, *, lock: bool = False) -> ReplayRow | None:
    """One replay; null too, when it is to be locked and another has it."""
    query = select(webhook_replays).where(webhook_replays.c.webhook == webhook, webhook_replays.c.n == n)
    return connection.execute(query.with_for_update(skip_locked=True) if lock else query).one_or_none()


def running(connection: Connection) -> Sequence[tuple[str, int]]:
    """The replays that are not finished, as (webhook, n)."""
    query = select(webhook_replays.c.webhook, webhook_replays.c.n).where(
        webhook_replays.c.finished_at.is_(None)
    )
    return [(row.webhook, row.n) for row in connection.execute(query)]


def move(connection: Connection, webhook: str, n: int, **values: Any) -> None:
    """Write columns of a replay."""
    mine = (webhook_replays.c.webhook == webhook, webhook_replays.c.n == n)
    connection.execute(update(webhook_replays).where(*mine).values(**values))


def stop(connection: Connection, webhook: str, *, now: datetime) -> None:
    """End the replays of a webhook that are not finished."""
    running = (webhook_replays.c.webhook == webhook, webhook_replays.c.finished_at.is_(None))
    connection.execute(update(webhook_replays).where(*running).values(finished_at=now, stopped=True))


def following(connection: Connection, replay: ReplayRow, *, limit: int) -> Sequence[ReplayRow]:
    """Lock the next deliveries in a replay's range, oldest first, whatever their type."""
    query = select(deliveries.c.id, deliveries.c.type, deliveries.c.created_at).where(
        deliveries.c.webhook == replay.webhook,
        deliveries.c.state == replay.state,
        deliveries.c.created_at <= replay.until,
        # Not what it has sent again itself.
        or_(deliveries.c.replayed_at.is_(None), deliveries.c.replayed_at < replay.created_at),
    )
    if replay.since is not None:
        query = query.where(deliveries.c.created_at >= replay.since)
    age = tuple_(deliveries.c.created_at, deliveries.c.id)
    if replay.reached_at is not None:
        query = query.where(age > (replay.reached_at, replay.reached_id))
    ordered = query.order_by(deliveries.c.created_at, deliveries.c.id).limit(limit)
    return list(connection.execute(ordered.with_for_update()))
