"""A process that only delivers webhooks, until it is told to stop."""

import asyncio
import signal

from prometheus_client import start_http_server

from app.background.gauges import keep_gauges
from app.background.memory import settle_memory
from app.background.tending import tend
from app.db import Database
from app.delivery.worker import Worker
from app.settings import Settings
from app.vault import open_vault


async def deliver(database: Database, *, concurrency: int | None, metrics_port: int | None) -> None:
    """Deliver until SIGINT or SIGTERM; what is in flight then is finished or given back."""
    settings = Settings()
    worker = Worker(database, open_vault(settings), settings, concurrency=concurrency)
    stopping: set[asyncio.Task[None]] = set()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(
            each, lambda: stopping.add(asyncio.create_task(worker.stop()))
        )
    if metrics_port is not None:
        start_http_server(metrics_port, addr="127.0.0.1")
    beside = [
        asyncio.create_task(tend(database, settings, wake=worker.wake)),
        asyncio.create_task(keep_gauges(database)),
    ]
    settle_memory()
    try:
        await worker.run()
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, *stopping, return_exceptions=True)
