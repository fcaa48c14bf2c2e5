"""The yardsticks of batches: rows into the same ledger with the same indexes, with nothing around them."""

import asyncio
import json
import sqlite3
from datetime import UTC, datetime
from itertools import count
from time import perf_counter
from typing import cast

import asyncpg
from sqlalchemy.engine import make_url

from app.engines import sqlite_engine
from app.models import events
from benchmarks.bodies import PARTNERS, TYPES
from benchmarks.machine import generating

ROWS = 1_000
"""To a commit."""

COLUMNS = [column.name for column in events.columns]
NOW = datetime(2026, 3, 16, 12, tzinfo=UTC)
PROPERTIES = json.dumps({"campaign": "spring-storage", "path": "/partners/deal-registration"})
NUMBERS = count()

Row = tuple[object, ...]


def copied(url: str, seconds: float) -> float:
    """Rows per second by PostgreSQL's binary COPY, a thousand to a commit."""

    async def run() -> float:
        connection = await asyncpg.connect(url)
        start, number, spent = perf_counter(), 0, 0.0
        while perf_counter() < start + seconds:
            some = rows(NOW)
            before = perf_counter()
            await connection.copy_records_to_table("event", records=some, columns=COLUMNS)
            spent += perf_counter() - before
            number += len(some)
        await connection.close()
        return number / spent

    with generating():
        return asyncio.run(run())


def executed(url: str, seconds: float) -> float:
    """Rows per second by SQLite's executemany, a thousand to a commit, as durable as the service."""
    engine = sqlite_engine(make_url(url), begin="BEGIN IMMEDIATE")
    marks = ", ".join("?" * len(COLUMNS))
    statement = f"INSERT INTO event ({', '.join(COLUMNS)}) VALUES ({marks})"  # all of our own making
    pooled = engine.raw_connection()
    connection = cast("sqlite3.Connection", pooled.driver_connection)
    start, number, spent = perf_counter(), 0, 0.0
    with generating():
        while perf_counter() < start + seconds:
            some = rows("2026-03-16 12:00:00.000000")
            before = perf_counter()
            _commit(connection, statement, some)
            spent += perf_counter() - before
            number += len(some)
    pooled.close()
    engine.dispose()
    return number / spent


def _commit(connection: sqlite3.Connection, statement: str, rows: list[Row]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(statement, rows)
    connection.execute("COMMIT")


def rows(at: object) -> list[Row]:
    """As the load generator's events would be stored."""
    return [_row(next(NUMBERS), at) for _ in range(ROWS)]


def _row(number: int, at: object) -> Row:
    partner = f"partner-{number * 7919 % PARTNERS:07}"
    return (
        "bare",
        "bench",
        f"evt-{number}",
        TYPES[number % 4],
        at,
        at,
        partner,
        f"jo@{partner}.example",
        None,
        "human",
        None,
        PROPERTIES,
        f"{number:064x}",
        None,
        None,
    )
