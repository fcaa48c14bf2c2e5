"""The demo's stage: a service of its own on a fresh SQLite, a program, a key, and the play."""

import asyncio
import socket
import tempfile
from pathlib import Path

import uvicorn

from app import clock, migrate
from app.cli.output import console
from app.db import open_database
from app.demo.account import print_next_steps
from app.demo.receiver import Receiver, listening
from app.demo.run import run
from app.main import create_app
from app.services import programs
from app.settings import Settings

PROGRAM = "demo"


def run_demo(*, once: bool, port: int) -> None:
    """Play the demo; unless `once`, keep serving until interrupted. The data is in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="handraiser-demo-") as folder:
        settings = Settings(
            database_url=f"sqlite:///{Path(folder) / 'demo.db'}",
            webhook_allow_cidrs=("127.0.0.0/8",),
            log_level="warning",
            rate_limit=0,
        )
        migrate.upgrade(settings.database_url)
        asyncio.run(_play(settings, _listening_socket(port), once=once))


def _listening_socket(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    # From here on connections wait for the server instead of being refused.
    listener.listen()
    return listener


async def _play(settings: Settings, listener: socket.socket, *, once: bool) -> None:
    base_url = "http://{}:{}".format(*listener.getsockname())
    key = await _admin_key(settings)
    config = uvicorn.Config(
        create_app(settings), access_log=False, log_config=None, timeout_graceful_shutdown=5
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve([listener]))
    try:
        async with listening() as receiver:
            await _perform(base_url, key, receiver, serving, once=once)
    finally:
        server.should_exit = True
        await serving


async def _perform(
    base_url: str, key: str, receiver: Receiver, serving: asyncio.Task[None], *, once: bool
) -> None:
    account = await run(base_url, key, now=clock.now(), console=console, receiver=receiver)
    if not once:
        print_next_steps(console, account, base_url=base_url, key=key)
        await serving


async def _admin_key(settings: Settings) -> str:
    database = open_database(settings)
    now = clock.now()
    try:
        await database.write(lambda c: programs.create_program(c, PROGRAM, "Demo", now=now))
        made = await database.write(
            lambda c: programs.create_key(c, PROGRAM, "demo", scopes=["admin"], now=now)
        )
        return made.secret
    finally:
        await database.close()
