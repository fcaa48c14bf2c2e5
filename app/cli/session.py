"""A command's way to the database: open, check, work, close."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from app import log, migrate
from app.db import Database, open_database
from app.settings import Settings

T = TypeVar("T")


def with_database(work: Callable[[Database], Awaitable[T]]) -> T:
    """Run `work` on the database that the settings name. Raises NotReady if its schema is not current."""
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

    return asyncio.run(run())
