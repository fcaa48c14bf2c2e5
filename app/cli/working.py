"""A process that only delivers webhooks, until it is told to stop."""

import asyncio
import signal

from app.db import Database
from app.delivery.worker import Worker
from app.settings import Settings
from app.vault import open_vault


async def deliver(database: Database) -> None:
    """Deliver until SIGINT or SIGTERM; what is in flight then is finished or given back."""
    settings = Settings()
    worker = Worker(database, open_vault(settings), settings)
    stopping: set[asyncio.Task[None]] = set()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(
            each, lambda: stopping.add(asyncio.create_task(worker.stop()))
        )
    await worker.run()
    await asyncio.gather(*stopping)
