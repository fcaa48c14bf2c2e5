"""What the streams of a process share: one reader, woken by notices, which polls for what it is not told."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select, text

from app import clock
from app.api import queue_feed
from app.api.queue_feed import QueueFeed
from app.api.queue_feeds import QueueFeeds
from app.db import Database, open_database
from app.services.following import latest_position
from app.services.handoffs import note
from tests.api.calls import activate, raise_hand, until
from tests.support.service import running, settings_for

PROGRAM = "acme"
NEVER = 3_600.0
LISTENERS = text(
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query ILIKE 'LISTEN%'"
    " AND pid <> pg_backend_pid()"
)
EVERYBODY_ELSE = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid()"
)

on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@dataclass
class Desk:
    """A program with a hand-off, in which another process makes moves."""

    database: Database
    handoff: str
    made: int = 0

    async def moves(self) -> int:
        """Make a move that nobody is told of; its position."""
        self.made += 1
        now = clock.now()
        await self.database.write(
            lambda c: note(c, PROGRAM, self.handoff, by="rep", text=f"no. {self.made}", now=now)
        )
        return await self.database.read(lambda c: latest_position(c, PROGRAM))

    async def listener(self) -> int | None:
        """The server's process for somebody who listens."""
        if self.database.dialect == "sqlite":
            return None
        return await self.database.read(lambda c: c.scalar(LISTENERS))

    async def is_unheard(self) -> bool:
        """Whether nobody listens."""
        return await self.listener() is None


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    """The service that made it is gone."""
    async with running(database_url) as service, service.client(await service.program(PROGRAM)) as client:
        await activate(client)
        handoff = await raise_hand(client)
    database = open_database(settings_for(database_url))
    yield Desk(database, handoff)
    await database.close()


@asynccontextmanager
async def feeds_of(database_url: str, poll_seconds: float) -> AsyncIterator[QueueFeeds]:
    """The feeds of a process of its own."""
    database = open_database(settings_for(database_url))
    feeds = QueueFeeds(database, limit=1_000, poll_seconds=poll_seconds)
    yield feeds
    await feeds.close()
    await database.close()


async def next_position(feed: QueueFeed, after: int) -> int:
    """Where the next event is."""
    async with asyncio.timeout(30):
        while not (found := await feed.after(after, within=NEVER)):
            pass
    return found[0].position


async def is_heard(desk: Desk, *, but_not: int = 0) -> int:
    """Wait until somebody listens; its process on the server."""

    async def listens() -> bool:
        return await desk.listener() not in {None, but_not}

    await until(listens)
    return await desk.listener() or 0


async def told(desk: Desk, feed: QueueFeed) -> bool:
    """Whether a move arrives of which a notice is sent."""
    after = await desk.database.read(lambda c: latest_position(c, PROGRAM))
    at = await desk.moves()
    await desk.database.notify()
    return await next_position(feed, after) == at


@contextmanager
def reads() -> Iterator[list[str]]:
    """The feeds' reads of moves."""
    found: list[str] = []

    def note_down(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "handoff_move.position >" in statement:
            found.append(statement)

    event.listen(Engine, "before_cursor_execute", note_down)
    yield found
    event.remove(Engine, "before_cursor_execute", note_down)


async def test_polling_alone_finds_everything(database_url: str, desk: Desk) -> None:
    async with feeds_of(database_url, 0.02) as feeds, feeds.joined(PROGRAM) as feed:
        at = await desk.moves()
        for _ in range(5):
            after, at = at, await desk.moves()
            assert await next_position(feed, after) == at


async def test_a_reader_that_is_woken_need_not_poll(database_url: str, desk: Desk) -> None:
    async with feeds_of(database_url, NEVER) as feeds, feeds.joined(PROGRAM) as feed:
        for _ in range(3):
            after = await desk.database.read(lambda c: latest_position(c, PROGRAM))
            at = await desk.moves()
            feeds.wake()
            assert await next_position(feed, after) == at


@on_postgresql
async def test_a_notice_from_another_process_wakes_it(database_url: str, desk: Desk) -> None:
    async with feeds_of(database_url, NEVER) as feeds, feeds.joined(PROGRAM) as feed:
        await is_heard(desk)
        assert await told(desk, feed)


@on_postgresql
async def test_a_lost_connection_is_made_again(database_url: str, desk: Desk) -> None:
    async with feeds_of(database_url, NEVER) as feeds, feeds.joined(PROGRAM) as feed:
        lost = await is_heard(desk)
        await desk.database.read(lambda c: c.execute(select(func.pg_terminate_backend(lost))))
        await is_heard(desk, but_not=lost)
        assert await told(desk, feed)


@on_postgresql
async def test_moves_that_fall_into_an_outage_are_told_after_it(database_url: str, desk: Desk) -> None:
    async with feeds_of(database_url, 0.02) as feeds, feeds.joined(PROGRAM) as feed:
        after = await desk.moves()
        for _ in range(3):
            await desk.database.read(lambda c: c.execute(EVERYBODY_ELSE))
            await desk.database.close()  # its connections were among them; it makes itself others
            at = await desk.moves()
            assert await next_position(feed, after) == at
            after = at


async def test_a_change_is_read_once_however_many_streams_there_are(database_url: str, desk: Desk) -> None:
    async with feeds_of(database_url, NEVER) as feeds, feeds.joined(PROGRAM) as feed:
        after = await next_position(feed, 0)
        with reads() as found:
            waiting = [asyncio.create_task(next_position(feed, after)) for _ in range(100)]
            at = await desk.moves()
            feeds.wake()
            assert await asyncio.gather(*waiting) == [at] * 100
        assert len(found) == 1


async def test_nothing_is_read_and_nobody_listened_to_without_a_stream(database_url: str, desk: Desk) -> None:
    async with feeds_of(database_url, 0.02) as feeds:
        async with feeds.joined(PROGRAM) as feed:
            await next_position(feed, 0)
            assert database_url.startswith("sqlite") or await is_heard(desk)
        await until(desk.is_unheard)
        with reads() as found:
            for _ in range(5):
                feeds.wake()
                await desk.moves()
        assert found == []


async def test_a_stream_that_comes_when_the_last_one_goes(database_url: str, desk: Desk) -> None:
    async with feeds_of(database_url, 0.02) as feeds:
        for _ in range(20):
            async with feeds.joined(PROGRAM) as feed:
                assert await next_position(feed, 0) > 0


async def test_whoever_is_far_behind_gets_everything_in_order(
    database_url: str, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With little kept, so that the way leads from the database to what is kept and back."""
    for name, value in {"READ_AT_ONCE": 5, "KEPT": 7, "TAKEN_AT_ONCE": 3}.items():
        monkeypatch.setattr(queue_feed, name, value)
    positions = [await desk.moves() for _ in range(40)]

    async def go_on() -> None:
        positions.extend([await desk.moves() for _ in range(40)])

    async with feeds_of(database_url, 0.02) as feeds, feeds.joined(PROGRAM) as feed:
        writing = asyncio.create_task(go_on())
        found: list[int] = []
        while len(found) < 79:
            at = found[-1] if found else positions[0]
            async with asyncio.timeout(30):
                found += [block.position for block in await feed.after(at, within=NEVER)]
        await writing
    assert found == positions[1:]
