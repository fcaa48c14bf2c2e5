"""`handraiser serve` and other commands as processes of their own, to be killed as real ones are."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from tests.support.postgres import die_with_parent
from tests.support.service import OPERATOR_KEY, SECRET_KEY

HANDRAISER = Path(sys.executable).with_name("handraiser")
START_SECONDS = 60


def environment(database_url: str, **settings: str) -> dict[str, str]:
    """The environment of a process whose webhooks may go to this host."""
    values = {
        "DATABASE_URL": database_url,
        "OPERATOR_KEY": OPERATOR_KEY,
        "SECRET_KEY": SECRET_KEY,
        "WEBHOOK_ALLOW_CIDRS": "127.0.0.0/8",
        "LOG_LEVEL": "error",
        **settings,
    }
    # What starts often must not be compiled each time.
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return inherited | {"NO_COLOR": "1"} | {f"HANDRAISER_{name}": value for name, value in values.items()}


def handraiser(database_url: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [HANDRAISER, *map(str, arguments)],
        env=environment(database_url),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@dataclass
class Server:
    """A server on a port of its own, which it keeps over restarts."""

    database_url: str
    settings: dict[str, str] = field(default_factory=dict)
    port: int = 0

    def __post_init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", self.port))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Start it and wait until it is ready."""
        self.process = await asyncio.create_subprocess_exec(
            HANDRAISER,
            "serve",
            "--port",
            str(self.port),
            env=environment(self.database_url, **self.settings),
            preexec_fn=die_with_parent,
        )
        try:
            await self._ready()
        except BaseException:
            await self.kill()
            raise

    async def _ready(self) -> None:
        async with asyncio.timeout(START_SECONDS), self.client("nobody") as client:
            while not await _is_ready(client):
                assert self.process.returncode is None, "the server stopped while it started"
                await asyncio.sleep(0.05)

    async def kill(self) -> None:
        """SIGKILL: nothing is finished, nothing is closed."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()

    async def stop(self) -> int:
        """SIGTERM; its exit code."""
        if self.process.returncode is None:
            self.process.terminate()
        return await self.process.wait()

    def client(self, key: str, **headers: str) -> httpx2.AsyncClient:
        """A client that sends this key."""
        return httpx2.AsyncClient(
            base_url=self.url,
            headers={"Authorization": f"Bearer {key}", **headers},
            timeout=30,
            trust_env=False,
        )


@asynccontextmanager
async def serving(database_url: str, **settings: str) -> AsyncIterator[Server]:
    """A server that runs while the test does."""
    server = Server(database_url, settings)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def _is_ready(client: httpx2.AsyncClient) -> bool:
    try:
        return (await client.get("/readyz")).status_code == 200
    except httpx2.TransportError:
        return False
