"""Queries on sources."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from app.models import sources

SourceRow = Row[tuple[Any, ...]]


def add(connection: Connection, **values: object) -> None:
    """Store a source."""
    connection.execute(insert(sources).values(**values))


def by_key(connection: Connection, key_digest: str) -> SourceRow | None:
    """The enabled source whose URL has this key."""
    return connection.execute(
        select(sources).where(sources.c.key_digest == key_digest, sources.c.disabled_at.is_(None))
    ).one_or_none()


def page(connection: Connection, program: str, *, after: str, limit: int) -> Sequence[SourceRow]:
    """Sources by id, which is by age."""
    return connection.execute(
        select(sources)
        .where(sources.c.program == program, sources.c.id > after)
        .order_by(sources.c.id)
        .limit(limit)
    ).all()


def get(connection: Connection, program: str, source: str) -> SourceRow | None:
    """One source."""
    return connection.execute(
        select(sources).where(sources.c.program == program, sources.c.id == source)
    ).one_or_none()


def disable(connection: Connection, program: str, source: str, *, now: datetime) -> bool:
    """Stop accepting what comes to a source's URL; whether there was one."""
    found = connection.execute(
        update(sources)
        .where(sources.c.program == program, sources.c.id == source, sources.c.disabled_at.is_(None))
        .values(disabled_at=now)
    )
    return found.rowcount > 0
