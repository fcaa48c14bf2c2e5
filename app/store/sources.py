"""Queries on sources."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, insert, or_, select, update

from app.models import sources

SourceRow = Row[tuple[Any, ...]]


def add(connection: Connection, **values: object) -> None:
    """Store a source."""
    connection.execute(insert(sources).values(**values))


def by_key(connection: Connection, key_digest: str, *, now: datetime) -> SourceRow | None:
    """The enabled source whose URL has this key, or had it before and still honours it."""
    was = and_(sources.c.previous_key_digest == key_digest, sources.c.previous_key_until > now)
    query = select(sources).where(
        or_(sources.c.key_digest == key_digest, was), sources.c.disabled_at.is_(None)
    )
    return connection.execute(query).one_or_none()


def by_id(connection: Connection, source: str) -> SourceRow:
    """A source, whosever it is."""
    return connection.execute(select(sources).where(sources.c.id == source)).one()


def page(connection: Connection, program: str, *, after: str, limit: int) -> Sequence[SourceRow]:
    """Sources by id, which is by age."""
    return connection.execute(
        select(sources)
        .where(sources.c.program == program, sources.c.id > after)
        .order_by(sources.c.id)
        .limit(limit)
    ).all()


def get(connection: Connection, program: str, source: str, *, lock: bool = False) -> SourceRow | None:
    """One source."""
    query = select(sources).where(sources.c.program == program, sources.c.id == source)
    return connection.execute(query.with_for_update() if lock else query).one_or_none()


def change(connection: Connection, source: str, values: dict[str, Any]) -> None:
    """Change a source."""
    connection.execute(update(sources).where(sources.c.id == source).values(values))
