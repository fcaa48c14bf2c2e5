"""Activating a rubric while events keep arriving: many short transactions, then one that switches."""

from collections.abc import Callable
from functools import partial

from app import clock
from app.background.counting import count_signals
from app.db import Database
from app.services.activating import begin, build_some

Progress = Callable[[str, float], None]


async def build(database: Database, program: str, version: int, *, tell: Progress | None = None) -> None:
    """Count and score what can be done beside the live scores; `switch` completes it. Raises NotFound."""
    now = clock.now()
    if not await database.write(lambda c: begin(c, program, version, now=now)):
        return
    await count_signals(database, program, version, tell=tell)
    after: str | None = ""
    while after is not None:
        after = await database.write(
            partial(build_some, program=program, version=version, after=after, now=now)
        )
