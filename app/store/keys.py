"""Queries on API keys."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Row, insert, select, update

from app.models import keys


def add(connection: Connection, **values: object) -> None:
    """Store a key's row."""
    connection.execute(insert(keys).values(**values))


def by_digest(connection: Connection, digest: str) -> Row[tuple[object, ...]] | None:
    """The key that is not revoked, if any."""
    return connection.execute(
        select(keys).where(keys.c.digest == digest, keys.c.revoked_at.is_(None))
    ).one_or_none()


def page(
    connection: Connection, program: str, *, after: str, limit: int
) -> Sequence[Row[tuple[object, ...]]]:
    """Keys of a program that are not revoked, by id."""
    return connection.execute(
        select(keys)
        .where(keys.c.program == program, keys.c.revoked_at.is_(None), keys.c.id > after)
        .order_by(keys.c.id)
        .limit(limit)
    ).all()


def revoke(connection: Connection, program: str, key: str, *, now: datetime) -> str | None:
    """Revoke a key; its digest, or None if the program has no such key."""
    revoked: str | None = connection.scalar(
        update(keys)
        .where(keys.c.program == program, keys.c.id == key, keys.c.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(keys.c.digest)
    )
    return revoked
