"""Clients of the queue: some ask again and again whether it has changed, others wait to be told."""

import asyncio
from collections import Counter
from time import perf_counter
from typing import cast
from urllib.parse import urlsplit

from benchmarks.connection import Connection, connect, header, request_head
from benchmarks.figures import Sample
from benchmarks.load import Load


class Poller(Connection):
    """One connection that asks as soon as it is answered, and shows the ETag that it was given last.

    Its first answer is not part of the measurement.
    """

    def __init__(self, head: bytes, times: list[float], statuses: Counter[bytes]) -> None:
        super().__init__()
        self._head, self._times, self._statuses = head, times, statuses
        self._tag, self._sent_at, self._until = b"", 0.0, 0.0
        self.knows: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def begin(self, until: float) -> None:
        """Ask again and again until then."""
        self._until = until
        self.ask()

    def answered(self, head: bytes, body: bytes) -> None:
        """Note it, and ask again while there is time."""
        self._tag = header(head, b"etag")
        if not self.knows.done():
            self.knows.set_result(None)
            return
        self._statuses[head[9:12]] += 1
        now = perf_counter()
        self._times.append(now - self._sent_at)
        if now < self._until:
            self.ask()
        else:
            self.finish()

    def ask(self) -> None:
        """Ask once."""
        known = b"if-none-match: " + self._tag + b"\r\n" if self._tag else b""
        self._sent_at = perf_counter()
        self.send(self._head + known + b"\r\n")


async def poll(url: str, key: str, *, seconds: float, connections: int) -> Sample:
    """Poll for so many seconds. Raises RuntimeError for any answer but 200 and 304."""
    head = request_head("GET", url, {"authorization": f"Bearer {key}"})
    times: list[float] = []
    statuses: Counter[bytes] = Counter()
    pollers = [Poller(head, times, statuses) for _ in range(connections)]
    await connect(url, pollers)
    for poller in pollers:
        poller.ask()
    await asyncio.gather(*(poller.knows for poller in pollers))
    start = perf_counter()
    for poller in pollers:
        poller.begin(start + seconds)
    await asyncio.gather(*(poller.done for poller in pollers))
    load = Load(perf_counter() - start, sorted(times))
    news = {"answered 200": statuses[b"200"]} if b"304" in statuses else {}
    return {"requests/s": load.per_second, **load.milliseconds(), **news}


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
    parts, head = urlsplit(url), request_head("GET", url, {"authorization": f"Bearer {key}"})
    listeners = []
    for _ in range(connections):
        _, listener = await asyncio.get_running_loop().create_connection(
            lambda: Listener(head), parts.hostname or "", parts.port or 80
        )
        listeners.append(listener)
    await asyncio.gather(*(listener.open for listener in listeners))
    return listeners
