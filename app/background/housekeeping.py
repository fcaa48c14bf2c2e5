"""What the service does once a minute by itself."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import TypeVar

import structlog

from app import clock, store
from app.db import Database
from app.errors import DatabaseAway
from app.log import fault
from app.services.settling import move_landmark, settle

log = structlog.get_logger()

T = TypeVar("T")

SECONDS = 60.0
"""How soon after midnight, in a program's zone, its fading is settled."""

ANSWERS_KEPT = timedelta(hours=24)
"""How long a request with an Idempotency-Key may be repeated."""


async def keep_house(database: Database, *, wake: Callable[[], None]) -> None:
    """Settle each program's fading when its day has changed, and forget old answers; for ever.

    Any number of processes may do so on one database.
    """
    while True:
        await _attempt(_forget_answers(database))
        for program in await _attempt(database.read(store.programs.ids)) or ():
            await _attempt(settle_program(database, program))
        wake()
        await asyncio.sleep(SECONDS)


async def _attempt(work: Awaitable[T]) -> T | None:
    """What the work gives, or None with a line in the log: one failure must not end the rest."""
    try:
        return await work
    except DatabaseAway:
        log.warning("housekeeping waits: the database is away")
    except Exception as error:
        fault("housekeeping failed", error)
    return None


async def _forget_answers(database: Database) -> None:
    before = clock.now() - ANSWERS_KEPT
    await database.write(lambda connection: store.idempotency.forget(connection, before=before))


async def settle_program(database: Database, program: str) -> None:
    """Bring one program's standings to today, some partners per transaction."""
    now = clock.now()
    await database.write(lambda connection: move_landmark(connection, program, now=now))
    after: str | None = ""
    while after is not None:
        after = await database.write(partial(settle, program=program, after=after, now=now))
