"""Queries on the requests that sources made."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, exists, insert, select, update

from app.models import source_requests, sources

RequestRow = Row[tuple[Any, ...]]

_KEY = (source_requests.c.source, source_requests.c.n)


def add(connection: Connection, source: str, **values: object) -> int:
    """Keep a request; its number, which counts from 1 within the source."""
    # The source's row is held by this: two requests at once would else take the same number.
    count = (
        update(sources)
        .where(sources.c.id == source)
        .values(requests=sources.c.requests + 1)
        .returning(sources.c.requests)
    )
    number = int(connection.execute(count).scalar_one())
    connection.execute(insert(source_requests).values(source=source, n=number, **values))
    return number


def get(connection: Connection, program: str, source: str, n: int) -> RequestRow | None:
    """One request."""
    query = select(source_requests).where(*_is(source, n), source_requests.c.program == program)
    return connection.execute(query).one_or_none()


def hold(connection: Connection, source: str, n: int) -> RequestRow:
    """One request, locked."""
    return connection.execute(select(source_requests).where(*_is(source, n)).with_for_update()).one()


def change(connection: Connection, source: str, n: int, values: dict[str, Any]) -> None:
    """Note what became of a request."""
    connection.execute(update(source_requests).where(*_is(source, n)).values(values))


def page(
    connection: Connection, program: str, source: str, status: str | None, *, before: int, limit: int
) -> Sequence[RequestRow]:
    """A source's requests, newest first."""
    query = select(source_requests).where(
        source_requests.c.program == program,
        source_requests.c.source == source,
        source_requests.c.n < before,
    )
    if status is not None:
        query = query.where(source_requests.c.status == status)
    return connection.execute(query.order_by(source_requests.c.n.desc()).limit(limit)).all()


RequestKey = tuple[str, int]
"""A source and the number of a request in it."""


def waiting(connection: Connection, *, tried_before: datetime, limit: int) -> dict[str, list[RequestKey]]:
    """Requests, by program, that are not taken and were last tried before then; longest ago first."""
    query = (
        select(source_requests.c.program, *_KEY)
        .where(source_requests.c.status == "received", source_requests.c.tried_at <= tried_before)
        .order_by(source_requests.c.tried_at)
        .limit(limit)
    )
    found: dict[str, list[RequestKey]] = {}
    for program, source, n in connection.execute(query):
        found.setdefault(program, []).append((source, n))
    return found


def begin(
    connection: Connection, source: str, n: int, *, tried_before: datetime, now: datetime
) -> RequestRow | None:
    """Note that a waiting request is tried; None if another process was faster."""
    tried = (
        update(source_requests)
        .where(
            *_is(source, n),
            source_requests.c.status == "received",
            source_requests.c.tried_at <= tried_before,
        )
        .values(tries=source_requests.c.tries + 1, tried_at=now)
        .returning(source_requests)
    )
    return connection.execute(tried).one_or_none()


def reopen(connection: Connection, source: str, statuses: Collection[str], *, since: datetime) -> int:
    """Let requests in one of `statuses` wait to be taken, as if last tried at `since`; how many."""
    reopened = (
        update(source_requests)
        .where(source_requests.c.source == source, source_requests.c.status.in_(statuses))
        .values(status="received", tries=0, tried_at=since, error=None)
    )
    return connection.execute(reopened).rowcount


def forget(connection: Connection, source: str, *, before: datetime, limit: int) -> int:
    """Delete requests of which nothing is left to do and that came before then; how many."""
    old = (
        select(source_requests.c.n)
        .where(
            source_requests.c.source == source,
            source_requests.c.status == "taken",
            source_requests.c.received_at < before,
        )
        .order_by(source_requests.c.n)
        .limit(limit)
    )
    numbers = list(connection.execute(old).scalars())
    connection.execute(
        delete(source_requests).where(source_requests.c.source == source, source_requests.c.n.in_(numbers))
    )
    return len(numbers)


def old(connection: Connection, *, before: datetime) -> list[str]:
    """The sources that have something to forget."""
    old = and_(
        source_requests.c.source == sources.c.id,
        source_requests.c.status == "taken",
        source_requests.c.received_at < before,
    )
    return list(connection.execute(select(sources.c.id).where(exists().where(old))).scalars())


def _is(source: str, n: int) -> tuple[Any, Any]:
    return (source_requests.c.source == source, source_requests.c.n == n)
