"""The database: engines for SQLite and PostgreSQL, and the two ways to use it, `read` and `write`."""

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol, TypeVar

import asyncpg
from sqlalchemy import Connection, Engine, func, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine

from app.checkpoints import Checkpointer
from app.engines import postgres_engine, sqlite_engine
from app.errors import DatabaseAway, NotReady, Overloaded
from app.settings import Settings

T = TypeVar("T")
Work = Callable[[Connection], T]

# Of our own: the module's shared state is for whoever seeds it.
_dice = random.Random()

READERS = 4
WRITE_TRIES = 5
# What PostgreSQL answers when two transactions cannot both go on: trying again is right.
TRANSIENT = {"40001", "40P01"}
SQLITE_AWAY = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
}
CHANNEL = "handraiser_queue"
DURABLE = {"on", "local", "remote_write", "remote_apply"}


class Database(Protocol):
    """Runs plain functions of a connection, each in one transaction of its own."""

    dialect: str

    async def read(self, work: Work[T]) -> T:
        """Run `work` on a consistent snapshot; it must not write. Raises DatabaseAway."""

    async def write(self, work: Work[T]) -> T:
        """Run `work` and commit; the answer is there only once it is durable.

        `work` may run more than once (after a deadlock), so it must have no other effect.
        Raises DatabaseAway.
        """

    async def notify(self) -> None:
        """Tell the other processes that a queue may have changed. Raises DatabaseAway and Overloaded."""

    def listening(self, hear: Callable[[], None]) -> AbstractAsyncContextManager[asyncio.Event]:
        """Call `hear` when another process notifies, until the event says that it is heard no more.

        It may get lost all the same. Raises DatabaseAway.
        """

    async def check(self) -> None:
        """Refuse, by NotReady, a database that would lose acknowledged commits."""

    async def close(self) -> None:
        """Give back every connection."""


def open_database(settings: Settings) -> Database:
    """The database named by the settings; nothing is connected yet."""
    url = make_url(settings.database_url)
    match url.get_backend_name():
        case "sqlite":
            return SqliteDatabase(url)
        case "postgresql":
            return PostgresDatabase(url)
        case other:
            raise NotReady(f"HANDRAISER_DATABASE_URL names {other!r}; use sqlite or postgresql.")


class SqliteDatabase:
    """One file; one thread writes, a few read.

    Plain sqlite3 in a thread, because aiosqlite hops threads twice for every statement
    (docs/decisions/0002).
    """

    dialect = "sqlite"

    def __init__(self, url: URL) -> None:
        self._writer = sqlite_engine(url, begin="BEGIN IMMEDIATE")
        self._reader = sqlite_engine(url, begin="BEGIN", readers=READERS)
        self._checkpointer = Checkpointer(sqlite_engine(url, begin="BEGIN"))
        self._write_thread = ThreadPoolExecutor(1, "sqlite-writer")
        self._read_threads = ThreadPoolExecutor(READERS, "sqlite-reader")

    async def read(self, work: Work[T]) -> T:
        return await self._run(self._read_threads, self._reader, work)

    async def write(self, work: Work[T]) -> T:
        result = await self._run(self._write_thread, self._writer, work)
        self._checkpointer.committed()
        return result

    async def notify(self) -> None:
        """Nobody listens: one process serves, and what else writes is found by polling."""

    @asynccontextmanager
    async def listening(self, hear: Callable[[], None]) -> AsyncIterator[asyncio.Event]:
        yield asyncio.Event()

    async def check(self) -> None:
        def durability(connection: Connection) -> tuple[str, int]:
            mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
            return mode, connection.exec_driver_sql("PRAGMA synchronous").scalar_one()

        mode, synchronous = await self.write(durability)
        if mode != "wal" or synchronous < 2:
            raise NotReady(
                f"SQLite runs with journal_mode={mode}, synchronous={synchronous}; it must be wal, FULL."
            )

    async def close(self) -> None:
        self._write_thread.shutdown()
        self._read_threads.shutdown()
        self._checkpointer.close()
        self._writer.dispose()
        self._reader.dispose()

    async def _run(self, threads: ThreadPoolExecutor, engine: Engine, work: Work[T]) -> T:
        def run() -> T:
            with engine.begin() as connection:
                return work(connection)

        try:
            return await asyncio.get_running_loop().run_in_executor(threads, run)
        except OperationalError as error:
            if (
                isinstance(error.orig, sqlite3.OperationalError)
                and error.orig.sqlite_errorcode & 0xFF in SQLITE_AWAY
            ):
                raise DatabaseAway from error
            raise


class PostgresDatabase:
    """A PostgreSQL server, through asyncpg."""

    dialect = "postgresql"

    def __init__(self, url: URL) -> None:
        self._writer = postgres_engine(url)
        # A pool of its own: writers that wait for an activation must not keep readers out.
        self._reader = postgres_engine(url).execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )

    async def read(self, work: Work[T]) -> T:
        try:
            return await self._run(self._reader, work)
        except DatabaseAway:
            # A restarted server leaves dead connections in the pool; the first failure clears them out.
            return await self._run(self._reader, work)

    async def write(self, work: Work[T]) -> T:
        return await self._run(self._writer, work)

    async def notify(self) -> None:
        # In a transaction of its own, never in one that changes something: all that notify commit in turn.
        await self.write(lambda c: c.execute(select(func.pg_notify(CHANNEL, ""))))

    @asynccontextmanager
    async def listening(self, hear: Callable[[], None]) -> AsyncIterator[asyncio.Event]:
        lost = asyncio.Event()
        async with self._unpooled() as connection:
            connection.add_termination_listener(lambda _: lost.set())
            await connection.add_listener(CHANNEL, lambda *_: hear())
            yield lost

    @asynccontextmanager
    async def _unpooled(self) -> AsyncIterator[Any]:
        """A driver's connection made like all others, but the pool makes itself another in its place."""
        try:
            pooled = await self._writer.raw_connection()
            connection: Any = pooled.driver_connection
            pooled.detach()
            try:
                yield connection
            finally:
                connection.terminate()
        except (OSError, PoolTimeout, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise DatabaseAway from error

    async def check(self) -> None:
        setting = await self.read(lambda c: c.execute(text("SHOW synchronous_commit")).scalar_one())
        if setting not in DURABLE:
            raise NotReady(
                f"PostgreSQL runs with synchronous_commit={setting}: acknowledged events could be lost. "
                "Something between here and the server (a pooler?) drops the setting; make it `on`."
            )

    async def close(self) -> None:
        await self._writer.dispose()
        await self._reader.dispose()

    async def _run(self, engine: AsyncEngine, work: Work[T]) -> T:
        for tries_left in reversed(range(WRITE_TRIES)):
            try:
                async with engine.begin() as connection:
                    return await connection.run_sync(work)
            except PoolTimeout as error:
                raise Overloaded(
                    "Every connection to the database is busy. Try again in a moment."
                ) from error
            except (OSError, TimeoutError, InterfaceError) as error:
                raise DatabaseAway from error
            except DBAPIError as error:
                if is_away(error):
                    raise DatabaseAway from error
                if sqlstate(error) not in TRANSIENT:
                    raise
                if not tries_left:
                    raise Overloaded("Others kept writing the same. Try again in a moment.") from error
            await asyncio.sleep(_dice.uniform(0.005, 0.05))
        raise AssertionError("unreachable")


def sqlstate(error: DBAPIError) -> str:
    """PostgreSQL's five-letter code for what went wrong; empty when there is none."""
    return str(getattr(error.orig, "sqlstate", None) or "")


def is_of_data(error: DBAPIError) -> bool:
    """Whether the database refused the data (classes 22, 23), as opposed to the statement or the moment."""
    return isinstance(error, IntegrityError | DataError) or sqlstate(error)[:2] in {"22", "23"}


def is_away(error: DBAPIError) -> bool:
    """Whether the server could not be talked to (classes 08, 53, 57), as opposed to refusing the data."""
    return error.connection_invalidated or sqlstate(error)[:2] in {"08", "53", "57"}
