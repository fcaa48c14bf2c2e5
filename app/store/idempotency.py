"""Queries on the answers kept for requests that carry an Idempotency-Key."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from app.models import idempotency
from app.store.recordset import inserting


def begin(connection: Connection, program: str, key: str, fingerprint: str, *, now: datetime) -> bool:
    """Take the key; False if it is taken, after waiting for a transaction that is just taking it."""
    statement = (
        inserting(connection, idempotency)
        .values(program=program, key=key, fingerprint=fingerprint, created_at=now)
        .on_conflict_do_nothing()
        .returning(idempotency.c.key)
    )
    return connection.scalar(statement) is not None


def get(connection: Connection, program: str, key: str) -> Row[tuple[Any, ...]] | None:
    """What is kept for the key."""
    return connection.execute(
        select(idempotency).where(idempotency.c.program == program, idempotency.c.key == key)
    ).one_or_none()


def finish(connection: Connection, program: str, key: str, status: int, answer: bytes) -> None:
    """Keep the answer."""
    connection.execute(
        update(idempotency)
        .where(idempotency.c.program == program, idempotency.c.key == key)
        .values(status=status, answer=answer)
    )


def forget(connection: Connection, *, before: datetime) -> None:
    """Drop what is older than the promise."""
    connection.execute(delete(idempotency).where(idempotency.c.created_at < before))
