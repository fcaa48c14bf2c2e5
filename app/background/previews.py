"""Making previews: counted first where signals are new, then compared on one snapshot."""

import asyncio
from collections.abc import Callable

import structlog

from app import clock, store
from app.background.counting import count_signals
from app.db import Database
from app.errors import DatabaseAway
from app.log import fault
from app.services.comparing import compare
from app.services.previewing import save_preview
from app.store.previews import Key

log = structlog.get_logger()

POLL_SECONDS = 5.0

Progress = Callable[[str, float], None]


async def make_preview(database: Database, key: Key, *, tell: Progress | None = None) -> None:
    """Count what is missing, compare, keep the result; after a kill the same call goes on from there."""
    await count_signals(database, key.program, key.version, tell=tell)
    comparing = None if tell is None else lambda done: tell("comparing", done)
    found = await database.read(lambda c: compare(c, key, on_progress=comparing))
    now = clock.now()
    await database.write(lambda c: save_preview(c, key, found, now=now))


class Previewer:
    """Makes the previews that are owed, one after the other, those that a kill left behind too."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._awake = asyncio.Event()

    def wake(self) -> None:
        """Look for work now."""
        self._awake.set()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            self._awake.clear()
            try:
                for key in await self._database.read(store.previews.running):
                    await make_preview(self._database, key)
            except DatabaseAway:
                log.warning("previews wait: the database is away")
            except Exception as error:
                fault("a preview could not be made", error)
            await self._rest()

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await self._awake.wait()
        except TimeoutError:
            return
