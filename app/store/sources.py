"""Queries on sources."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from app.models import source_requests, sources

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


def add_request(connection: Connection, source: str, **values: object) -> int:
    """Keep a request; its number, which counts from 1 within the source."""
    # The source's row first: two requests at once would else take the same number.
    connection.execute(select(sources.c.id).where(sources.c.id == source).with_for_update())
    last = connection.scalar(select(func.max(source_requests.c.n)).where(source_requests.c.source == source))
    number = int(last or 0) + 1
    connection.execute(insert(source_requests).values(source=source, n=number, **values))
    return number


def request_page(
    connection: Connection, program: str, source: str, *, before: int, limit: int
) -> Sequence[SourceRow]:
    """Requests of a source that were kept, newest first."""
    return connection.execute(
        select(source_requests)
        .where(
            source_requests.c.program == program,
            source_requests.c.source == source,
            source_requests.c.n < before,
        )
        .order_by(source_requests.c.n.desc())
        .limit(limit)
    ).all()
