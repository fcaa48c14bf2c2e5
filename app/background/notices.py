"""Notices between processes that a queue may have changed: a wake-up only, whoever misses one polls."""

import asyncio
from collections.abc import Callable

import structlog

from app.db import Database
from app.errors import DatabaseAway, Overloaded

log = structlog.get_logger()

SPACING = 0.02
"""Seconds between two notices, each of which is a transaction; the first goes at once."""

LEAST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds between attempts to reach a database that is away."""


class Notifier:
    """Tells the other processes; what happens while one notice is on its way shares the next."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._awake = asyncio.Event()

    def wake(self) -> None:
        """Tell them now."""
        self._awake.set()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            await self._awake.wait()
            self._awake.clear()
            try:
                await self._database.notify()
            except (DatabaseAway, Overloaded):
                log.debug("a notice was not sent")
            await asyncio.sleep(SPACING)


async def listen(database: Database, hear: Callable[[], None]) -> None:
    """Call `hear` when another process tells, for ever; connects again when the database was away."""
    pause = LEAST_PAUSE
    while True:
        try:
            async with database.listening(hear) as lost:
                pause = LEAST_PAUSE
                await lost.wait()
        except DatabaseAway:
            log.debug("notices cannot be heard: the database is away", again_in=pause)
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)
