"""A real receiver of webhooks: checks every signature, answers as it is told."""

import asyncio
import socket
import ssl
import struct
import zlib
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Self

from app.signatures.verifier import VerificationError, verify

Reply = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Message:
    """One request as it came in."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    genuine: bool

    @property
    def id(self) -> str:
        """The webhook-id, by which a receiver knows a message that it has had before."""
        return self.headers["webhook-id"]


def answer(
    status: int = 200, *, headers: Mapping[str, str] | None = None, body: bytes = b"", after: float = 0
) -> Reply:
    """A whole answer, `after` so many seconds."""

    async def reply(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(after)
        fields = {"content-length": str(len(body)), **(headers or {})}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        writer.write(f"HTTP/1.1 {status} -\r\n{head}\r\n".encode() + body)

    return reply


async def hang(_: asyncio.StreamWriter) -> None:
    """Never answer."""
    await asyncio.Event().wait()


async def drop(writer: asyncio.StreamWriter) -> None:
    """Take the message and break off."""
    writer.transport.abort()


async def endless_headers(writer: asyncio.StreamWriter) -> None:
    """Begin an answer whose headers never end."""
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"x-more: " + b"x" * 1000 + b"\r\n")
        await writer.drain()


async def trickle(writer: asyncio.StreamWriter) -> None:
    """Say 200, then send a body one byte at a time."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
    while True:
        writer.write(b"x")
        await asyncio.sleep(0.01)


async def slow_headers(writer: asyncio.StreamWriter) -> None:
    """Begin an answer whose headers never end, one every tenth of a second."""
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"x-more: 1\r\n")
        await asyncio.sleep(0.1)


async def flood(writer: asyncio.StreamWriter) -> None:
    """Say 200, then send 100 MB, as fast as they are taken."""
    await _pour(writer, b"x" * 100_000, times=1000)


async def gzip_bomb(writer: asyncio.StreamWriter) -> None:
    """Say 200, then send 100 kB that would unpack to 100 MB."""
    await _pour(writer, packed(), header="content-encoding: gzip\r\n")


async def reset(writer: asyncio.StreamWriter) -> None:
    """Answer, and a moment later cut the connection instead of closing it."""
    await _pour(writer, b"thanks")
    await asyncio.sleep(0.05)
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


@cache
def packed() -> bytes:
    """The bomb; to make it takes a moment, once."""
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS + 16)
    return b"".join(packer.compress(bytes(100_000)) for _ in range(1000)) + packer.flush()


async def _pour(writer: asyncio.StreamWriter, chunk: bytes, *, times: int = 1, header: str = "") -> None:
    writer.write(f"HTTP/1.1 200 OK\r\n{header}content-length: {len(chunk) * times}\r\n\r\n".encode())
    for _ in range(times):
        writer.write(chunk)
        await writer.drain()


@dataclass
class Receiver:
    """Listens on a free port of this host; unless told otherwise by `replies` it answers 200."""

    secret: str
    tls: ssl.SSLContext | None = None
    replies: deque[Reply] = field(default_factory=deque)
    messages: list[Message] = field(default_factory=list)
    connections: int = 0
    always: Reply = field(default_factory=answer)

    async def __aenter__(self) -> Self:
        self._tasks: set[asyncio.Task[None]] = set()
        self._news = asyncio.Condition()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.tls)
        self.port: int = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/hook"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def received(self, number: int, *, within: float = 10) -> list[Message]:
        """Wait until so many messages have come, and return them all."""
        async with asyncio.timeout(within), self._news:
            await self._news.wait_for(lambda: len(self.messages) >= number)
        return self.messages

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        # Whoever sends may break off at any time, and the test may end before he does.
        with suppress(OSError, ValueError, EOFError, asyncio.CancelledError):
            while not writer.is_closing():
                await self._take(await _read(reader, self.secret))
                await (self.replies.popleft() if self.replies else self.always)(writer)
        writer.close()
        with suppress(OSError, asyncio.CancelledError):
            await writer.wait_closed()
        self._tasks.discard(task)

    async def _take(self, message: Message) -> None:
        async with self._news:
            self.messages.append(message)
            self._news.notify_all()


async def _read(reader: asyncio.StreamReader, secret: str) -> Message:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[:-2]
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    body = await reader.readexactly(int(headers["content-length"]))
    return Message(first.split(" ")[1], headers, body, genuine=_is_genuine(body, headers, secret))


def _is_genuine(body: bytes, headers: dict[str, str], secret: str) -> bool:
    try:
        verify(headers, body, secret)
    except VerificationError:
        return False
    return True
