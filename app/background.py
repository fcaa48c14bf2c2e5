"""What the service does by itself, beside requests and deliveries."""

import asyncio
from collections.abc import Callable
from functools import partial

import structlog

from app import clock, store
from app.db import Database
from app.errors import DatabaseAway
from app.services.settling import move_landmark, settle

log = structlog.get_logger()

SECONDS = 60.0
"""How soon after midnight, in a program's zone, its fading is settled."""


async def settle_daily(database: Database, *, wake: Callable[[], None]) -> None:
    """Settle each program's fading when its day has changed, for ever; any number of processes may."""
    while True:
        try:
            for program in await database.read(store.programs.ids):
                await settle_program(database, program)
            wake()
        except DatabaseAway:
            log.warning("fading is settled later: the database is away")
        except Exception as error:
            log.error("fading could not be settled", exc_info=error)
        await asyncio.sleep(SECONDS)


async def settle_program(database: Database, program: str) -> None:
    """Bring one program's standings to today, some partners per transaction."""
    now = clock.now()
    await database.write(lambda connection: move_landmark(connection, program, now=now))
    after: str | None = ""
    while after is not None:
        after = await database.write(partial(settle, program=program, after=after, now=now))
