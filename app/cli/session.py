"""A command's way to the database: open, check, work, close."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from app import log, migrate
from app.db import Database, open_database
from app.settings import Settings

T = TypeVar("T")
LoopFactory = Callable[[], asyncio.AbstractEventLoop] | None


def with_database(work: Callable[[Database], Awaitable[T]], *, loop_factory: LoopFactory = None) -> T:
    """Run `work` on the database that the settings name, in an event loop of this make or asyncio's own.

    Raises NotReady if its schema is not current.
    """
    settings = Settings()
    log.configure(settings)
    if settings.is_sqlite:
        migrate.upgrade(settings.database_url)

    async def run() -> T:
        database = open_database(settings)
        try:
            await database.check()
            await database.read(migrate.require_current)
            return await work(database)
        finally:
            await database.close()

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        return runner.run(run())
