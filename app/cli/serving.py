"""`handraiser serve`, `work`, `migrate` and `demo`."""

from typing import Annotated

import typer

from app.cli.output import console

# Streams end at once (app/background/stopping.py); a client that does not take its answer would keep a
# stopping server for ever.
GRACE_SECONDS = 10


def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Server processes; with PostgreSQL.")] = 1,
) -> None:
    """Serve the API and deliver webhooks; brings an embedded SQLite to the newest schema first."""
    import asyncio

    import uvicorn

    from app import migrate as migrations
    from app.main import check
    from app.settings import Settings

    settings = Settings()
    if settings.is_sqlite:
        migrations.upgrade(settings.database_url)
    # Here a refusal to start is a sentence; inside the server it would be a traceback.
    asyncio.run(check(settings))
    uvicorn.run(
        "app.main:create_app",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        access_log=False,
        log_config=None,
        ws="none",  # its refusal of a WebSocket would log the path, and a source's key in it
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def work(
    concurrency: Annotated[
        int | None,
        typer.Option(min=1, max=1024, help="Attempts at once; HANDRAISER_WEBHOOK_CONCURRENCY if absent."),
    ] = None,
    metrics_port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="Serve Prometheus metrics on this port of 127.0.0.1."),
    ] = None,
) -> None:
    """Deliver webhooks only; any number of these may run beside the servers on one PostgreSQL."""
    from uvicorn.loops.auto import auto_loop_factory

    from app.cli.session import with_database
    from app.cli.working import deliver

    with_database(
        lambda database: deliver(database, concurrency=concurrency, metrics_port=metrics_port),
        loop_factory=auto_loop_factory(),  # the one that `serve` has
    )


def migrate() -> None:
    """Bring the database to the newest schema."""
    from app import migrate as migrations
    from app.settings import Settings

    migrations.upgrade(Settings().database_url)
    console.print("The schema is current.")


def demo(
    once: Annotated[bool, typer.Option("--once", help="Stop when the account is printed.")] = False,
    port: Annotated[int, typer.Option(help="The port to listen on; 0 is any.")] = 8000,
) -> None:
    """Start the service on a fresh SQLite, replay a fortnight of marketing, and tell what happened."""
    from app.cli.demo import run_demo

    run_demo(once=once, port=port)
