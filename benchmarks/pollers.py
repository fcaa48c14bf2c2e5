"""Clients of the queue: some ask again and again whether it has changed, others wait to be told."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from time import perf_counter
from typing import cast
from urllib.parse import urlsplit

from benchmarks.load import length


@dataclass(frozen=True)
class Polls:
    """What was polled: answers per second, how many had news, and seconds to an answer at two percentiles."""

    per_second: float
    changed: int
    p50: float
    p99: float


class Poller(asyncio.Protocol):
    """One connection that asks as soon as it is answered, and shows the ETag that it was given last.

    Its first answer is not part of the measurement.
    """

    def __init__(self, head: bytes, times: list[float], statuses: Counter[bytes]) -> None:
        self._head, self._times, self._statuses = head, times, statuses
        self._buffer, self._tag, self._sent_at, self._until = b"", b"", 0.0, 0.0
        self.knows: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the first time."""
        self._transport = cast("asyncio.Transport", transport)
        self._ask()

    def begin(self, until: float) -> None:
        """Ask again and again until then."""
        self._until = until
        self._ask()

    def data_received(self, data: bytes) -> None:
        """Take an answer; anything but 200 and 304 ends the measurement."""
        self._buffer += data
        head, separator, body = self._buffer.partition(b"\r\n\r\n")
        if not separator or len(body) < length(head):
            return
        status = head[9:12]
        if status not in {b"200", b"304"}:
            raise RuntimeError(self._buffer.decode(errors="replace"))
        self._buffer = b""
        self._tag = _tag(head)
        if not self.knows.done():
            self.knows.set_result(None)
            return
        self._statuses[status] += 1
        now = perf_counter()
        self._times.append(now - self._sent_at)
        if now < self._until:
            self._ask()
        else:
            self.done.set_result(None)
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        """A server that hangs up in the middle has failed."""
        for waited_for in (self.knows, self.done):
            if not waited_for.done():
                waited_for.set_exception(error or ConnectionResetError("the server hung up"))

    def _ask(self) -> None:
        known = b"if-none-match: " + self._tag + b"\r\n" if self._tag else b""
        self._sent_at = perf_counter()
        self._transport.write(self._head + known + b"\r\n")


def _tag(head: bytes) -> bytes:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b": ")
        if name.lower() == b"etag":
            return value
    return b""


def _head(url: str, key: str) -> bytes:
    parts = urlsplit(url)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return f"GET {path} HTTP/1.1\r\nhost: {parts.netloc}\r\nauthorization: Bearer {key}\r\n".encode()


async def poll(url: str, key: str, *, seconds: float, connections: int) -> Polls:
    """Poll for so many seconds. Raises RuntimeError for any answer but 200 and 304."""
    parts, head = urlsplit(url), _head(url, key)
    times: list[float] = []
    statuses: Counter[bytes] = Counter()
    pollers = []
    for _ in range(connections):
        _, poller = await asyncio.get_running_loop().create_connection(
            lambda: Poller(head, times, statuses), parts.hostname or "", parts.port or 80
        )
        pollers.append(poller)
    await asyncio.gather(*(poller.knows for poller in pollers))
    start = perf_counter()
    for poller in pollers:
        poller.begin(start + seconds)
    await asyncio.gather(*(poller.done for poller in pollers))
    times.sort()
    elapsed = perf_counter() - start
    news = statuses[b"200"]
    return Polls(len(times) / elapsed, news, times[len(times) // 2], times[len(times) * 99 // 100])


class Listener(asyncio.Protocol):
    """One stream."""

    def __init__(self, head: bytes) -> None:
        self._head = head
        self.open: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._told = self.open

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the stream."""
        self.transport = cast("asyncio.Transport", transport)
        self.transport.write(self._head + b"\r\n")

    def told(self) -> asyncio.Future[float]:
        """When the next event will have come."""
        self._told = asyncio.get_running_loop().create_future()
        return self._told

    def data_received(self, data: bytes) -> None:
        """Hear of the beginning, then of events."""
        if not self._told.done() and (b"event: " in data or b"retry: " in data):
            self._told.set_result(perf_counter())


async def listen(url: str, key: str, *, connections: int) -> list[Listener]:
    """Open so many streams."""
    parts, head = urlsplit(url), _head(url, key)
    listeners = []
    for _ in range(connections):
        _, listener = await asyncio.get_running_loop().create_connection(
            lambda: Listener(head), parts.hostname or "", parts.port or 80
        )
        listeners.append(listener)
    await asyncio.gather(*(listener.open for listener in listeners))
    return listeners
