"""A webhook receiver on this machine: verifies each message as any receiver should, and remembers it."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.signatures.verifier import VerificationError, verify


@dataclass(frozen=True)
class Message:
    """A webhook message whose signature verified."""

    id: str
    type: str
    data: dict[str, Any]


class Receiver:
    """An ASGI application; answers 204, or 401 to what `secret` did not sign."""

    def __init__(self, url: str = "http://127.0.0.1/") -> None:
        self.url = url
        self.secret: str | None = None
        self.messages: dict[str, Message] = {}
        self.refused = 0
        self.on_message: Callable[[Message], None] | None = None
        self._news = asyncio.Condition()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        accepted = await self._take(await request.body(), dict(request.headers))
        await Response(status_code=204 if accepted else 401)(scope, receive, send)

    async def handoffs_opened(self, ids: set[str], *, seconds: float) -> bool:
        """Wait until the opening of each of these hand-offs was announced; False if time ran out."""
        try:
            async with asyncio.timeout(seconds), self._news:
                await self._news.wait_for(lambda: ids <= self._opened())
        except TimeoutError:
            return False
        return True

    def _opened(self) -> set[str]:
        return {each.data["id"] for each in self.messages.values() if each.type == "handoff.opened"}

    async def _take(self, body: bytes, headers: dict[str, str]) -> bool:
        message = self._verified(body, headers)
        if message is None:
            self.refused += 1
            return False
        is_new = message.id not in self.messages
        self.messages[message.id] = message
        if is_new and self.on_message:
            self.on_message(message)
        async with self._news:
            self._news.notify_all()
        return True

    def _verified(self, body: bytes, headers: dict[str, str]) -> Message | None:
        if self.secret is None:
            return None
        try:
            id_ = verify(headers, body, self.secret)
        except VerificationError:
            return None
        document = json.loads(body)
        return Message(id_, document["type"], document["data"])


@asynccontextmanager
async def listening() -> AsyncIterator[Receiver]:
    """A receiver on a free port of 127.0.0.1."""
    listener = socket.create_server(("127.0.0.1", 0))
    receiver = Receiver(f"http://127.0.0.1:{listener.getsockname()[1]}/")
    server = _Server(uvicorn.Config(receiver, lifespan="off", log_config=None, access_log=False))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield receiver
    finally:
        server.should_exit = True
        await serving


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ctrl-C is for whoever runs the demo."""
        yield
