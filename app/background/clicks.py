"""Counting clicks whose time to wait is over."""

import asyncio
from collections.abc import Callable
from functools import partial

from app import clock, store
from app.background.attempting import attempt
from app.db import Database
from app.services.settled_clicks import count_settled

SECONDS = 1.0
WHAT = "counting settled clicks"


async def keep_clicks(database: Database, *, wake: Callable[[], None]) -> None:
    """Count settled clicks of all programs, for ever; any number of processes may do so on one database."""
    while True:
        due = await attempt(database.read(partial(store.clicks.programs_due, now=clock.now())), WHAT)
        for program in due or ():
            while await attempt(
                database.write(partial(count_settled, program=program, now=clock.now())), WHAT
            ):
                wake()
        await asyncio.sleep(SECONDS)
