"""The feeds of one process: there while something is streamed, and not a moment longer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.api.queue_feed import POLL_SECONDS, QueueFeed
from app.background.notices import listen
from app.db import Database
from app.errors import Overloaded

RETRY_SECONDS = 5


class QueueFeeds:
    """A feed for each program that is streamed. While there is none, nothing is read or listened to."""

    def __init__(self, database: Database, *, limit: int, poll_seconds: float = POLL_SECONDS) -> None:
        self._database, self._limit, self._poll_seconds = database, limit, poll_seconds
        self._feeds: dict[str, QueueFeed] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._listening: asyncio.Task[None] | None = None
        self.stopped = False

    @asynccontextmanager
    async def joined(self, program: str) -> AsyncIterator[QueueFeed]:
        """The program's feed, for one stream. Raises Overloaded."""
        if sum(feed.streams for feed in self._feeds.values()) >= self._limit:
            raise Overloaded(
                f"This process has {self._limit} streams already. Poll GET /v1/handoffs, or try again.",
                retry_after=RETRY_SECONDS,
            )
        feed = self._feeds.get(program) or self._begin(program)
        feed.streams += 1
        try:
            yield feed
        finally:
            feed.streams -= 1
            feed.wake()

    def wake(self) -> None:
        """Look for events now."""
        for feed in self._feeds.values():
            feed.wake()

    def stop(self) -> None:
        """Let every stream say goodbye, those that come later too."""
        self.stopped = True
        for feed in self._feeds.values():
            feed.tell()

    async def close(self) -> None:
        """End what runs."""
        tasks = [*self._tasks.values(), *([self._listening] if self._listening else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, program: str) -> QueueFeed:
        if not self._feeds:
            self._listening = asyncio.create_task(listen(self._database, self.wake))
        feed = self._feeds[program] = QueueFeed(program, self._database, poll_seconds=self._poll_seconds)
        self._tasks[program] = asyncio.create_task(self._follow(feed))
        return feed

    async def _follow(self, feed: QueueFeed) -> None:
        await feed.run()
        del self._feeds[feed.program], self._tasks[feed.program]
        if not self._feeds and self._listening is not None:
            self._listening.cancel()
