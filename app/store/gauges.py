"""Queries that count what waits, each webhook's by its own part of an index."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, ScalarSelect, Select, func, literal_column, select

from app.models import deliveries, webhooks
from app.store.deliveries import OWED


class Waiting(NamedTuple):
    """What waits for one webhook."""

    webhook: str
    owed: int
    held: int
    dead: int
    oldest_due_at: datetime | None


def of_all(connection: Connection) -> Sequence[Waiting]:
    """What waits for each webhook of each program."""
    return [Waiting._make(row) for row in connection.execute(_waiting())]


def of_webhook(connection: Connection, webhook: str) -> Waiting:
    """What waits for one webhook, which there must be."""
    return Waiting._make(connection.execute(_waiting().where(webhooks.c.id == webhook)).one())


def _waiting() -> Select[tuple[str, int, int, int, datetime | None]]:
    mine = deliveries.c.webhook == webhooks.c.id
    oldest = select(func.min(deliveries.c.due_at)).where(mine, OWED).scalar_subquery()
    return (
        select(
            webhooks.c.id,
            *(_count(mine, state) for state in ("owed", "held", "dead")),
            oldest.label("oldest"),
        )
        .where(webhooks.c.deleted_at.is_(None))
        .order_by(webhooks.c.id)
    )


def _count(mine: ColumnElement[bool], state: str) -> ScalarSelect[int]:
    # Literal: the index on owed rows only is of no use to a parameter.
    same = deliveries.c.state == literal_column(f"'{state}'")
    return (
        select(func.count()).select_from(deliveries).where(mine, same).correlate(webhooks).scalar_subquery()
    )
