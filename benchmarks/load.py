"""A load generator: keep-alive connections that post prepared bodies and time every answer."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from time import perf_counter
from typing import cast
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Load:
    """What was posted: answers per second, and seconds to an answer at two percentiles."""

    per_second: float
    p50: float
    p99: float


class Poster(asyncio.Protocol):
    """One connection: as soon as an answer is there, the next body goes out."""

    def __init__(self, head: bytes, bodies: Iterator[bytes], until: float, times: list[float]) -> None:
        self._head, self._bodies, self._until, self._times = head, bodies, until, times
        self._buffer = b""
        self._sent_at = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first."""
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        """Take an answer; anything but 200 ends the measurement."""
        self._buffer += data
        head, separator, body = self._buffer.partition(b"\r\n\r\n")
        if not separator or len(body) < length(head):
            return
        if not head.startswith(b"HTTP/1.1 200"):
            self.done.set_exception(RuntimeError(self._buffer.decode(errors="replace")))
            self._transport.close()
            return
        self._buffer = b""
        now = perf_counter()
        self._times.append(now - self._sent_at)
        if now < self._until:
            self._send()
        else:
            self.done.set_result(None)
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        """A server that hangs up in the middle has failed."""
        if not self.done.done():
            self.done.set_exception(error or ConnectionResetError("the server hung up"))

    def _send(self) -> None:
        body = next(self._bodies)
        self._sent_at = perf_counter()
        self._transport.write(self._head + b"content-length: %d\r\n\r\n" % len(body) + body)


def length(head: bytes) -> int:
    """Of the body that follows."""
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


async def post(
    url: str, bodies: Iterator[bytes], *, seconds: float, connections: int, headers: dict[str, str]
) -> Load:
    """Post `bodies` for so many seconds. Raises RuntimeError for any answer but 200."""
    parts = urlsplit(url)
    lines = [
        f"POST {parts.path} HTTP/1.1",
        f"host: {parts.netloc}",
        *(f"{k}: {v}" for k, v in headers.items()),
    ]
    head = ("\r\n".join(lines) + "\r\n").encode()
    times: list[float] = []
    start = perf_counter()
    posters = []
    for _ in range(connections):
        _, poster = await asyncio.get_running_loop().create_connection(
            lambda: Poster(head, bodies, start + seconds, times), parts.hostname or "", parts.port or 80
        )
        posters.append(poster)
    await asyncio.gather(*(poster.done for poster in posters))
    times.sort()
    elapsed = perf_counter() - start
    return Load(len(times) / elapsed, times[len(times) // 2], times[len(times) * 99 // 100])


def events(batch: int, *, partners: int = 10_000) -> Iterator[bytes]:
    """Bodies of new events, `batch` to a body, spread over so many partners."""
    numbers = count()
    while True:
        some = ",".join(_event(next(numbers), partners) for _ in range(batch))
        yield (some if batch == 1 else f"[{some}]").encode()


def _event(number: int, partners: int) -> str:
    kinds = ('"email.opened"', '"email.clicked"', '"page.viewed"', '"form.submitted"')
    partner = number * 7919 % partners
    return (
        f'{{"id":"evt-{number}","type":{kinds[number % 4]},"partner":"partner-{partner}",'
        f'"contact":"jo@partner-{partner}.example","source":"bench",'
        f'"properties":{{"campaign":"spring-storage","path":"/partners/deal-registration"}}}}'
    )
