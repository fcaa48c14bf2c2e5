"""Databases to measure on: migrated, empty, gone afterwards."""

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import asyncpg

from app.migrate import upgrade
from benchmarks.figures import Sample
from tests.support.postgres import Postgres, postgres_server

NUMBERS = count()
TOLD = ("server_version", "fsync", "synchronous_commit", "full_page_writes", "shared_buffers", "max_wal_size")


@contextmanager
def sqlite() -> Iterator[str]:
    """The URL of a file."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        upgrade(url)
        yield url


@contextmanager
def postgresql() -> Iterator[str]:
    """The URL of a database on a server of its own."""
    with postgres() as server:
        yield database(server)


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A server that is durable: an acknowledgement must be true."""
    with postgres_server(durable=True) as server:
        yield server


def database(server: Postgres) -> str:
    """The URL of one more database on a server."""
    url = server.create(f"bench_{next(NUMBERS)}")
    upgrade(url)
    return url


def described(server: Postgres) -> str:
    """Its version, and the settings that decide how fast it may be."""

    async def ask() -> str:
        connection = await asyncpg.connect(server.url("postgres"))
        values = [await connection.fetchval(f"SHOW {name}") for name in TOLD]
        await connection.close()
        return f"{values[0]}, " + ", ".join(
            f"{name}={value}" for name, value in zip(TOLD[1:], values[1:], strict=True)
        )

    return asyncio.run(ask())


def events_in(url: str) -> int:
    """How many events the ledger of a PostgreSQL database has."""

    async def ask() -> int:
        connection = await asyncpg.connect(url)
        number = await connection.fetchval("SELECT count(*) FROM event")
        await connection.close()
        return int(number)

    return asyncio.run(ask())


def row_bytes(url: str, table: str) -> Sample:
    """Bytes of a PostgreSQL table and its indexes, for each of its rows."""

    async def ask() -> Sample:
        connection = await asyncpg.connect(url)
        rows = await connection.fetchval(f"SELECT greatest(count(*), 1) FROM {table}")
        whole = await connection.fetchval("SELECT pg_total_relation_size($1::regclass)", table)
        heap = await connection.fetchval("SELECT pg_table_size($1::regclass)", table)
        await connection.close()
        return {"bytes/row": whole / rows, "of it indexes": (whole - heap) / rows, "rows": rows}

    return asyncio.run(ask())
