"""Reads that callers share: none is older than the call, and nobody suffers for what another asks for."""

import asyncio
import threading
from collections.abc import AsyncIterator, Collection

import pytest
from sqlalchemy import Connection, update

from app import clock, store
from app.api.shared_reads import MOST_AT_ONCE, SharedReads
from app.db import Database, open_database
from app.errors import NotFound
from app.models import programs
from tests.support.service import settings_for


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A database with the program `acme`."""
    opened = open_database(settings_for(database_url))
    await opened.write(lambda c: store.programs.add(c, "acme", "old", stamp="1", now=clock.now()))
    yield opened
    await opened.close()


class Reader:
    """Reads the program's name, whatever is asked for, and notes what was read together."""

    def __init__(self) -> None:
        self.batches: list[set[str]] = []

    def __call__(self, connection: Connection, program: str, asked: Collection[str]) -> dict[str, str]:
        """`bad` cannot be read."""
        self.batches.append(set(asked))
        if "bad" in asked:
            raise ArithmeticError
        setup = store.programs.setup(connection, program)
        if setup is None:
            raise NotFound(program)
        return dict.fromkeys(asked, setup.name)


async def test_what_is_asked_for_at_once_is_read_together(database: Database) -> None:
    read = Reader()
    reads = SharedReads(database, read)
    found = await asyncio.gather(*(reads.get("acme", each) for each in "aabbc"))
    assert found == ["old"] * 5
    assert read.batches == [{"a", "b", "c"}]


async def test_a_batch_has_an_end(database: Database) -> None:
    read = Reader()
    reads = SharedReads(database, read)
    await asyncio.gather(*(reads.get("acme", str(n)) for n in range(MOST_AT_ONCE + 1)))
    assert [len(each) for each in read.batches] == [MOST_AT_ONCE, 1]


async def test_nobody_suffers_for_what_another_asks_for(database: Database) -> None:
    reads = SharedReads(database, Reader())
    asked = [reads.get("acme", each) for each in ("a", "bad", "b")]
    first, bad, last = await asyncio.gather(*asked, return_exceptions=True)
    assert (first, type(bad), last) == ("old", ArithmeticError, "old")


async def test_what_is_wrong_with_a_program_is_told_to_all_who_ask_of_it(database: Database) -> None:
    read = Reader()
    reads = SharedReads(database, read)
    asked = [reads.get(program, each) for program, each in (("gone", "a"), ("gone", "b"), ("acme", "c"))]
    *problems, found = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(each) for each in problems] == [NotFound, NotFound]
    assert (found, len(read.batches)) == ("old", 2)


async def test_who_goes_away_takes_nothing_from_the_others(database: Database) -> None:
    reads = SharedReads(database, Reader())
    first, second = (asyncio.create_task(reads.get("acme", each)) for each in "ab")
    asyncio.get_running_loop().call_soon(first.cancel)
    assert await second == "old"
    assert first.cancelled()


async def test_who_comes_during_a_read_is_given_what_is_newer(sqlite_url: str) -> None:
    began, goes_on = threading.Event(), threading.Event()
    read = Reader()

    def slowly(connection: Connection, program: str, asked: Collection[str]) -> dict[str, str]:
        found = read(connection, program, asked)
        began.set()
        goes_on.wait()
        return found

    database = open_database(settings_for(sqlite_url))
    await database.write(lambda c: store.programs.add(c, "acme", "old", stamp="1", now=clock.now()))
    reads = SharedReads(database, slowly)
    first = asyncio.create_task(reads.get("acme", "a"))
    await asyncio.to_thread(began.wait)
    await database.write(lambda c: c.execute(update(programs).values(name="new")))
    second = asyncio.create_task(reads.get("acme", "a"))
    asyncio.get_running_loop().call_soon(goes_on.set)
    assert [await first, await second] == ["old", "new"]
    await database.close()
