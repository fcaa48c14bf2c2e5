"""What the service does once a minute by itself."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from app import clock, store
from app.background.attempting import attempt
from app.db import Database
from app.services.settling import move_landmark, settle

SECONDS = 60.0
"""How soon after midnight, in a program's zone, its fading is settled."""

WHAT = "housekeeping"

ANSWERS_KEPT = timedelta(hours=24)
"""How long a request with an Idempotency-Key may be repeated."""


async def keep_house(database: Database, *, wake: Callable[[], None]) -> None:
    """Settle each program's fading when its day has changed, and forget old answers; for ever.

    Any number of processes may do so on one database.
    """
    while True:
        await attempt(_forget_answers(database), WHAT)
        for program in await attempt(database.read(store.programs.ids), WHAT) or ():
            await attempt(settle_program(database, program), WHAT)
        wake()
        await asyncio.sleep(SECONDS)


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
