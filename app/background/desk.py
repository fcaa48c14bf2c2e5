"""What the desk does by itself, once a second: alarms ring, and those that wait get the places there are."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

import structlog

from app import clock, store
from app.db import Database
from app.errors import DatabaseAway
from app.log import fault
from app.services.alarms import ring
from app.services.waiting import fill_places

log = structlog.get_logger()

T = TypeVar("T")

SECONDS = 1.0
ALARMS_AT_ONCE = 100


async def keep_desk(database: Database, *, wake: Callable[[], None]) -> None:
    """Tend the hand-offs of all programs, for ever; any number of processes may do so on one database."""
    while True:
        if await _attempt(tend(database)):
            wake()
        await asyncio.sleep(SECONDS)


async def tend(database: Database) -> bool:
    """Do what is due now, each thing in a transaction of its own; whether there was anything."""
    now = clock.now()
    due = await database.read(partial(store.handoffs.alarms, now=now, limit=ALARMS_AT_ONCE))
    for program, handoff in due:
        await _attempt(database.write(partial(ring, program=program, handoff=handoff, now=now)))
    filled = [
        await _attempt(database.write(partial(fill_places, program=program, now=now)))
        for program in await database.read(store.handoffs.programs_waiting)
    ]
    return bool(due or any(filled))


async def _attempt(work: Awaitable[T]) -> T | None:
    """What the work gives, or None with a line in the log: one failure must not end the rest."""
    try:
        return await work
    except DatabaseAway:
        log.warning("the desk waits: the database is away")
    except Exception as error:
        fault("the desk could not be tended", error)
    return None
