"""A keep-alive connection of a load generator: one request under way, no HTTP library in between."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import cast
from urllib.parse import urlsplit

END_OF_HEAD = b"\r\n\r\n"


class Connection(asyncio.Protocol):
    """Sends what it is given and hands over each answer; a server that hangs up has failed."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._needed = 0
        self.open: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def answered(self, head: bytes, body: bytes) -> None:
        """Take an answer that is there in whole."""
        raise NotImplementedError

    def send(self, request: bytes) -> None:
        """Put a request on the wire."""
        self._transport.write(request)

    def finish(self) -> None:
        """Hang up in good order."""
        if not self.done.done():
            self.done.set_result(None)
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be ready."""
        self._transport = cast("asyncio.Transport", transport)
        self.open.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Gather an answer; any status but 200 and 304 ends the measurement."""
        self._buffer += data
        if not self._needed:
            end = self._buffer.find(END_OF_HEAD)
            if end < 0:
                return
            self._needed = end + len(END_OF_HEAD) + length(self._buffer[:end])
        if len(self._buffer) < self._needed:
            return
        head, _, body = bytes(self._buffer).partition(END_OF_HEAD)
        if head[9:12] not in {b"200", b"304"}:
            self.done.set_exception(RuntimeError(self._buffer.decode(errors="replace")))
            self._transport.close()
            return
        self._buffer.clear()
        self._needed = 0
        self.answered(head, body)

    def connection_lost(self, error: Exception | None) -> None:
        """Fail, unless it was us who hung up."""
        if not self.done.done():
            self.done.set_exception(error or ConnectionResetError("the server hung up"))


def length(head: bytes | bytearray) -> int:
    """Of the body that follows."""
    return int(header(head, b"content-length") or 0)


def header(head: bytes | bytearray, wanted: bytes) -> bytes:
    """The value of a header, given its name in lower case; empty where there is none."""
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == wanted:
            return bytes(value.strip())
    return b""


def request_head(method: str, url: str, headers: dict[str, str]) -> bytes:
    """The lines of a request that do not change from one to the next; without the empty one at their end."""
    parts = urlsplit(url)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    lines = [f"{method} {path} HTTP/1.1", f"host: {parts.netloc}", *(f"{k}: {v}" for k, v in headers.items())]
    return ("\r\n".join(lines) + "\r\n").encode()


def with_body(head: bytes, body: bytes) -> bytes:
    """A request in whole."""
    return b"%bcontent-length: %d\r\n\r\n%b" % (head, len(body), body)


async def connect(url: str, connections: Sequence[Connection]) -> None:
    """Open all of them to the server of a URL."""
    parts = urlsplit(url)
    for each in connections:
        factory = partial(_given, each)
        await asyncio.get_running_loop().create_connection(factory, parts.hostname or "", parts.port or 80)


def _given(connection: Connection) -> Connection:
    return connection
