"""The feed of a program's queue: read by one task, whatever the number of streams."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic

import structlog
from fastapi.sse import format_sse_event
from sqlalchemy import Connection

from app import clock
from app.db import Database
from app.errors import DatabaseAway, Overloaded
from app.log import fault
from app.services.following import PlacedEvent, events_after, recent_position

log = structlog.get_logger()

POLL_SECONDS = 1.0
"""How often a reader looks when nobody wakes it; that alone would do."""

READ_AT_ONCE = 100
KEPT, KEPT_SECONDS = 500, 10.0
"""How many events, and for how long, a feed keeps for streams that come back or fall behind."""

TAKEN_AT_ONCE = 20
"""How many events a stream takes, and holds until they are sent."""

CATCHING_UP = 2
"""How many streams of a feed may read for themselves at once."""


@dataclass(frozen=True)
class Block:
    """An event of the queue as it goes out: to all streams the same bytes."""

    position: int
    owner: str | None
    content: bytes


class QueueFeed:
    """What has happened lately in one program's queue.

    From the first read on, everything that follows the position `_start` is kept, up to `_end`.
    """

    def __init__(self, program: str, database: Database, *, poll_seconds: float = POLL_SECONDS) -> None:
        self.program = program
        self.streams = 0
        self._database, self._poll_seconds = database, poll_seconds
        self._start: int | None = None
        self._end: int | None = None
        self._kept: deque[tuple[float, Block]] = deque()
        self._awake = asyncio.Event()
        self._news = asyncio.Event()
        self._catching_up = asyncio.Semaphore(CATCHING_UP)

    def wake(self) -> None:
        """Look for events now."""
        self._awake.set()

    def tell(self) -> None:
        """Let every stream look at what there is."""
        self._news.set()
        self._news = asyncio.Event()

    async def run(self) -> None:
        """Read on as long as there are streams."""
        while self.streams:
            self._awake.clear()
            if not await self._read_on():
                await _wait(self._awake, self._poll_seconds)

    async def after(self, position: int, *, within: float) -> list[Block]:
        """Some of what follows a position, in order; nothing if there was nothing within so many seconds."""
        if self._start is None or position >= self._start:
            found = self._kept_after(position)
        else:
            found = await self._read_after(position)
        if not found:
            await _wait(self._news, within)
        return found

    def _kept_after(self, position: int) -> list[Block]:
        found: deque[Block] = deque(maxlen=TAKEN_AT_ONCE)
        for _, block in reversed(self._kept):
            if block.position <= position:
                break
            found.appendleft(block)
        return list(found)

    async def _read_after(self, position: int) -> list[Block]:
        """For a stream that is further behind than what is kept."""
        now = clock.now()
        async with self._catching_up:
            try:
                return _encoded(
                    await self._database.read(
                        lambda c: events_after(c, self.program, position, limit=TAKEN_AT_ONCE, now=now)
                    )
                )
            except (DatabaseAway, Overloaded):
                return []

    async def _read_on(self) -> bool:
        """Whether there may be more than what was read."""
        now = clock.now()

        def read(connection: Connection) -> tuple[int, list[PlacedEvent]]:
            begin = self._end
            if begin is None:
                begin = recent_position(connection, self.program, READ_AT_ONCE)
            return begin, events_after(connection, self.program, begin, limit=READ_AT_ONCE, now=now)

        try:
            begin, placed = await self._database.read(read)
        except (DatabaseAway, Overloaded):
            log.warning("streams wait: the database is away or busy")
        except Exception as error:
            fault("the queue could not be followed", error)
        else:
            self._keep(begin, _encoded(placed))
            return len(placed) == READ_AT_ONCE
        return False

    def _keep(self, begin: int, blocks: Sequence[Block]) -> None:
        is_first, now = self._start is None, monotonic()
        if is_first:
            self._start = begin
        self._end = blocks[-1].position if blocks else begin
        self._kept.extend((now, block) for block in blocks)
        while self._kept and (len(self._kept) > KEPT or self._kept[0][0] < now - KEPT_SECONDS):
            self._start = self._kept.popleft()[1].position
        if blocks or is_first:
            self.tell()


def _encoded(placed: Sequence[PlacedEvent]) -> list[Block]:
    return [Block(each.position, each.owner, _block(each)) for each in placed]


def _block(placed: PlacedEvent) -> bytes:
    event = placed.event
    return format_sse_event(id=str(placed.position), event=event.type, data_str=event.model_dump_json())


async def _wait(event: asyncio.Event, seconds: float) -> None:
    """Until the event, but not longer than so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
