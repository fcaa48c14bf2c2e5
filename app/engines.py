"""Engines: how connections to SQLite and to PostgreSQL are made, so that what they commit is durable."""

import sqlite3
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.checkpoints import LONGEST_LOG

SQLITE_BUSY_SECONDS = 15
SQLITE_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    # Only where nothing else makes checkpoints.
    f"wal_autocheckpoint={LONGEST_LOG}",
)
POSTGRES_POOL = 10


def sqlite_engine(url: URL, *, begin: str, readers: int = 1) -> Engine:
    """An engine whose every connection is durable and whose transactions start with `begin`."""
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url.set(drivername="sqlite+pysqlite"),
        pool_size=readers,
        max_overflow=0,
        connect_args={"timeout": SQLITE_BUSY_SECONDS, "check_same_thread": False},
        hide_parameters=True,  # an error in a log must not show people's data
    )

    @event.listens_for(engine, "connect")
    def pragmas(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        for pragma in SQLITE_PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        # The driver's own lazy BEGIN loses updates: 175 of 200 concurrent increments.
        connection.exec_driver_sql(begin)

    return engine


def postgres_engine(url: URL) -> AsyncEngine:
    """An engine whose every connection commits durably and speaks UTC."""
    return create_async_engine(
        url.set(drivername="postgresql+asyncpg"),
        pool_size=POSTGRES_POOL,
        max_overflow=0,
        pool_timeout=10,
        hide_parameters=True,
        connect_args={
            "timeout": 5,
            "server_settings": {
                "synchronous_commit": "on",
                "timezone": "UTC",
                "application_name": "handraiser",
            },
        },
    )
