"""The whole service on a socket of its own, and a client that speaks to it over HTTP."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx2
import uvicorn
from anyio.from_thread import start_blocking_portal
from fastapi import Request

from app.api.state import Fetcher, State, state_of
from app.main import create_app
from app.settings import Settings

OPERATOR_KEY = "operator-key-of-the-tests"
SECRET_KEY = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
ADMIN = ("admin",)


def settings_for(database_url: str, **changes: Any) -> Settings:
    """Settings of a service under test: it may call loopback, and tells only what is wrong."""
    values: dict[str, Any] = {
        "database_url": database_url,
        "operator_key": OPERATOR_KEY,
        "secret_key": SECRET_KEY,
        "webhook_allow_cidrs": ("127.0.0.0/8",),
        "log_level": "error",
    }
    return Settings(**(values | changes))


class _Server(uvicorn.Server):
    """A server that leaves the signals to the process that tests it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass(frozen=True)
class Service:
    """A running service."""

    url: str
    settings: Settings

    def client(self, key: str, **headers: str) -> httpx2.AsyncClient:
        """A client that sends this key."""
        return httpx2.AsyncClient(
            base_url=self.url,
            headers={"Authorization": f"Bearer {key}", **headers},
            timeout=30,
            trust_env=False,
        )

    async def program(self, program: str = "acme", *, scopes: tuple[str, ...] = ADMIN) -> str:
        """A key of a program, which is created if it is new."""
        async with self.client(OPERATOR_KEY) as operator:
            await operator.post("/v1/programs", json={"id": program, "name": program})
            made = await operator.post(
                "/v1/keys", json={"name": "tests", "scopes": list(scopes)}, headers={"X-Program": program}
            )
            made.raise_for_status()
            secret: str = made.json()["secret"]
            return secret


@asynccontextmanager
async def running(
    database_url: str, *, fetcher: Fetcher | None = None, **changes: Any
) -> AsyncIterator[Service]:
    """The service, started and stopped as a server is, in this process; `fetcher` stands for the outside."""
    settings = settings_for(database_url, **changes)
    app = create_app(settings)
    if fetcher is not None:

        async def with_fetcher(request: Request) -> State:
            return replace(await state_of(request), fetcher=fetcher)

        app.dependency_overrides[state_of] = with_fetcher
    listener = socket.create_server(("127.0.0.1", 0))
    # Or each small answer waits for the acknowledgement of the one before.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    config = uvicorn.Config(
        app, access_log=False, log_config=None, timeout_graceful_shutdown=5, lifespan="on", ws="none"
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve([listener]))
    host, port = listener.getsockname()
    try:
        yield Service(f"http://{host}:{port}", settings)
    finally:
        server.should_exit = True
        await serving


@contextmanager
def served(database_url: str, *, fetcher: Fetcher | None = None) -> Iterator[Service]:
    """The service in a thread of its own, so that it outlives the event loop of one test.

    On uvloop, as it is served: asyncio would wait 40 ms for an acknowledgement in each answer.
    """
    with (
        start_blocking_portal(backend_options={"use_uvloop": True}) as portal,
        portal.wrap_async_context_manager(running(database_url, fetcher=fetcher)) as service,
    ):
        yield service
