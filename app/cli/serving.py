"""`handraiser serve`, `work`, `migrate` and `demo`."""

import asyncio
import signal
from typing import Annotated

import typer
import uvicorn

from app import migrate as migrations
from app.cli.demo import run_demo
from app.cli.output import console
from app.cli.session import with_database
from app.db import Database
from app.delivery.worker import Worker
from app.settings import Settings
from app.vault import open_vault

# An open stream would otherwise keep a stopping server for ever.
GRACE_SECONDS = 10


def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Server processes; with PostgreSQL.")] = 1,
) -> None:
    """Serve the API and deliver webhooks; brings an embedded SQLite to the newest schema first."""
    settings = Settings()
    if settings.is_sqlite:
        migrations.upgrade(settings.database_url)
    uvicorn.run(
        "app.main:create_app",
        factory=True,
        host=host,
        port=port,
        workers=workers if workers > 1 else None,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def work() -> None:
    """Deliver webhooks only; any number of these may run beside the servers on one PostgreSQL."""
    with_database(_deliver)


def migrate() -> None:
    """Bring the database to the newest schema."""
    migrations.upgrade(Settings().database_url)
    console.print("The schema is current.")


def demo(
    once: Annotated[bool, typer.Option("--once", help="Stop when the account is printed.")] = False,
    port: Annotated[int, typer.Option(help="The port to listen on; 0 is any.")] = 8000,
) -> None:
    """Start the service on a fresh SQLite, replay a fortnight of marketing, and tell what happened."""
    run_demo(once=once, port=port)


async def _deliver(database: Database) -> None:
    settings = Settings()
    worker = Worker(database, open_vault(settings), settings)
    loop = asyncio.get_running_loop()
    stopping: set[asyncio.Task[None]] = set()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, lambda: stopping.add(asyncio.create_task(worker.stop())))
    await worker.run()
    await asyncio.gather(*stopping)
