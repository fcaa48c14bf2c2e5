"""A database that would lose what was acknowledged is refused at start."""

from typing import Any

import asyncpg
import pytest
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.pool import Pool

from app.db import open_database
from app.errors import NotReady
from tests.support.service import settings_for


async def test_as_it_is(database_url: str) -> None:
    database = open_database(settings_for(database_url))
    await database.check()
    await database.close()


@pytest.mark.parametrize("pragma", ["journal_mode=DELETE", "synchronous=NORMAL", "synchronous=OFF"])
async def test_sqlite_in_a_hurry(sqlite_url: str, pragma: str) -> None:
    """Planted: a connection that somebody made faster."""
    database = open_database(settings_for(sqlite_url))

    def hurry(connection: Any, *_: object) -> None:
        connection.execute(f"PRAGMA {pragma}")

    event.listen(Pool, "checkout", hurry)
    try:
        with pytest.raises(NotReady, match="must be wal, FULL"):
            await database.check()
    finally:
        event.remove(Pool, "checkout", hurry)
        await database.close()


async def test_sqlite_pragmas(sqlite_url: str) -> None:
    database = open_database(settings_for(sqlite_url))

    def pragmas(connection: Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return [connection.execute(text(f"PRAGMA {name}")).scalar_one() for name in names]

    assert await database.read(pragmas) == await database.write(pragmas) == ["wal", 2, 1]
    await database.close()


async def test_postgresql_pins_what_the_server_would_not(postgresql_url: str) -> None:
    """Planted: a database whose sessions do not wait for the disk unless they say so."""
    await execute(postgresql_url, "ALTER DATABASE {} SET synchronous_commit = off")
    database = open_database(settings_for(postgresql_url))
    await database.check()
    found = await database.write(lambda c: c.execute(text("SHOW synchronous_commit")).scalar_one())
    assert found == "on"
    await database.close()


async def test_postgresql_behind_something_that_drops_the_setting(postgresql_url: str) -> None:
    """Planted: every new session is told not to wait, as behind a pooler that drops what we ask for."""
    database = open_database(settings_for(postgresql_url))

    def hurry(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute("SET synchronous_commit = off")
        connection.commit()

    event.listen(Engine, "connect", hurry)
    try:
        with pytest.raises(NotReady, match="synchronous_commit=off"):
            await database.check()
    finally:
        event.remove(Engine, "connect", hurry)
        await database.close()


async def execute(url: str, statement: str) -> None:
    """Run a statement about the database itself."""
    connection = await asyncpg.connect(url)
    name = await connection.fetchval("SELECT current_database()")
    await connection.execute(statement.format(f'"{name}"'))
    await connection.close()
