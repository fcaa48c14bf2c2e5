"""More than the service can take: told so at once, whoever else sends is heard, and it passes by itself."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from sqlalchemy import Connection, func, select
from starlette.types import Message, Receive, Scope, Send

from app import clock
from app.api.body_limit import BodyLimit
from app.api.group_commit import GROUP_EVENTS, GroupCommitter
from app.db import Database, open_database
from app.errors import Overloaded
from app.models import ledger
from app.services.programs import create_program
from app.sources.event import NewEvent
from tests.support.service import settings_for

LIMIT = 10
ROUNDS = 20
PROGRAMS = ("acme", "other")


async def with_programs(url: str) -> Database:
    """A database with two programs."""
    database = open_database(settings_for(url))

    def create(connection: Connection) -> None:
        for program in PROGRAMS:
            create_program(connection, program, program, now=clock.now())

    await database.write(create)
    return database


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A database with two programs."""
    database = await with_programs(database_url)
    yield database
    await database.close()


def committer_on(database: Database, *, limit: int = LIMIT) -> GroupCommitter:
    return GroupCommitter(database, limit=limit, deliver=lambda: None, follow=lambda: None)


def some(number: int, prefix: str = "e") -> list[NewEvent]:
    """So many events of one partner, with ids that begin alike."""
    return [NewEvent(id=f"{prefix}{n}", type="a.b", partner="p", source="s") for n in range(number)]


async def begun(committer: GroupCommitter, program: str, events: Sequence[NewEvent]) -> asyncio.Task[Any]:
    """A request that waits; it cannot be answered before somebody else has had a turn."""
    task = asyncio.create_task(committer.record(program, events))
    await asyncio.sleep(0)
    return task


async def test_a_full_queue_is_told(database: Database) -> None:
    committer = committer_on(database)
    waiting = await begun(committer, "acme", some(6))
    with pytest.raises(Overloaded) as told:
        await committer.record("acme", some(5, "f"))
    assert told.value.status == 429
    assert int(told.value.headers["Retry-After"]) > 0
    assert len(await waiting) == 6


async def test_what_nobody_waits_for_is_left(database: Database) -> None:
    committer = committer_on(database, limit=1_000)
    waiting = await begun(committer, "acme", some(1))
    gone = await begun(committer, "acme", some(2 * GROUP_EVENTS, "f"))
    gone.cancel()
    assert len(await waiting) == 1
    await committer.finish()
    assert await database.read(lambda c: c.scalar(select(func.count()).select_from(ledger.events))) == 1


async def test_it_passes_by_itself(database: Database) -> None:
    committer = committer_on(database)
    await (await begun(committer, "acme", some(6)))
    assert [each.status for each in await committer.record("acme", some(5, "f"))] == ["accepted"] * 5


async def test_one_program_leaves_room_for_others(database: Database) -> None:
    """However much is sent for one, it gets but half of the queue: the other's event is taken."""
    committer = committer_on(database)
    waiting = [await begun(committer, "acme", some(1, f"e{n}-")) for n in range(LIMIT * 2)]
    answers = await asyncio.gather(committer.record("other", some(1)), *waiting, return_exceptions=True)
    assert isinstance(answers[0], list)
    refused = [each for each in answers if isinstance(each, Overloaded)]
    assert len(refused) == LIMIT * 2 - LIMIT // 2


async def test_a_big_request_is_heard_when_nothing_waits(database: Database) -> None:
    assert len(await committer_on(database).record("acme", some(LIMIT * 3))) == LIMIT * 3


@pytest.mark.parametrize("senders", [2, 8])
async def test_who_is_answered_together_goes_together(database: Database, senders: int) -> None:
    """One who came too early for the others joins them, instead of having every second commit alone."""
    committer = committer_on(database, limit=1_000)

    async def send(sender: int) -> None:
        for n in range(ROUNDS):
            await committer.record("acme", some(1, f"{sender}-{n}-"))

    early = asyncio.create_task(send(0))
    await asyncio.sleep(0)  # to its first request, whose commit begins before the others are heard
    await asyncio.gather(early, *(send(sender) for sender in range(1, senders)))
    assert await database.read(commits) < ROUNDS * 1.5


def commits(connection: Connection) -> int:
    """How many groups there were; the events of one were received at the same moment."""
    return connection.scalar(select(func.count(ledger.events.c.received_at.distinct()))) or 0


async def test_an_import_does_not_keep_others_waiting(sqlite_url: str) -> None:
    """Where only one can write: the import is committed in several groups, and others come in between."""
    database = await with_programs(sqlite_url)
    committer = committer_on(database, limit=100_000)
    bulk = await begun(committer, "acme", some(GROUP_EVENTS * 3))
    assert len(await committer.record("other", some(1))) == 1
    assert not bulk.done()
    assert [each.status for each in await bulk] == ["accepted"] * (GROUP_EVENTS * 3)
    await database.close()


class Bodies:
    """An application that reads bodies and answers nothing, behind a limit on all bodies together."""

    def __init__(self, database_url: str, *, limit: int) -> None:
        self._behind = BodyLimit(self._read, settings_for(database_url, bodies_limit=limit))

    async def _read(self, scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass

    async def post(self, *chunks: int, last: asyncio.Event | None = None) -> None:
        """Send chunks of so many bytes, the end only after `last`."""
        messages = [{"type": "http.request", "body": b"x" * size, "more_body": True} for size in chunks]

        async def receive() -> Message:
            if messages:
                return messages.pop(0)
            if last is not None:
                await last.wait()
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            raise AssertionError(message)

        await self._behind({"type": "http", "headers": []}, receive, send)


async def test_bodies_together_are_bounded(sqlite_url: str) -> None:
    bodies = Bodies(sqlite_url, limit=3000)
    end = asyncio.Event()
    slow = asyncio.create_task(bodies.post(1000, 1000, last=end))
    await asyncio.sleep(0)
    await bodies.post(900)
    with pytest.raises(Overloaded):
        await bodies.post(1000, 100)
    end.set()
    await slow
    await bodies.post(1000, 100)
