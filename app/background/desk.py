"""What the desk does by itself, once a second: alarms ring, and those that wait get the places there are."""

import asyncio
from collections.abc import Callable
from functools import partial

from app import clock, store
from app.background.attempting import attempt
from app.db import Database
from app.services.alarms import ring
from app.services.waiting import fill_places

SECONDS = 1.0
ALARMS_AT_ONCE = 100
WHAT = "tending the desk"


async def keep_desk(database: Database, *, wake: Callable[[], None]) -> None:
    """Tend the hand-offs of all programs, for ever; any number of processes may do so on one database."""
    while True:
        if await attempt(tend(database), WHAT):
            wake()
        await asyncio.sleep(SECONDS)


async def tend(database: Database) -> bool:
    """Do what is due now, each thing in a transaction of its own; whether there was anything."""
    now = clock.now()
    due = await database.read(partial(store.handoffs.alarms, now=now, limit=ALARMS_AT_ONCE))
    for program, handoff in due:
        await attempt(database.write(partial(ring, program=program, handoff=handoff, now=now)), WHAT)
    filled = [
        await attempt(database.write(partial(fill_places, program=program, now=now)), WHAT)
        for program in await database.read(store.handoffs.programs_waiting)
    ]
    return bool(due or any(filled))
