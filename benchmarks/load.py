"""Load generators: a closed loop sends when it is answered, an open one when it is time."""

import asyncio
from collections import deque
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from itertools import cycle
from time import perf_counter

from benchmarks.connection import Connection, connect, request_head, with_body
from benchmarks.figures import percentile
from benchmarks.machine import generating

TICK = 0.001
"""Seconds between two looks at what is due: an open loop sends what a millisecond brings together."""


@dataclass(frozen=True)
class Load:
    """What was answered: how much, in how many seconds; seconds to an answer, in order."""

    seconds: float
    times: list[float]

    @property
    def answers(self) -> int:
        """How many there were."""
        return len(self.times)

    @property
    def per_second(self) -> float:
        """Answers per second."""
        return self.answers / self.seconds

    def milliseconds(self) -> dict[str, float]:
        """To an answer, at two percentiles."""
        return {f"p{percent} ms": percentile(self.times, percent) * 1000 for percent in (50, 99)}


class Loop(Connection):
    """One connection of a closed loop: as soon as an answer is there, the next request goes out."""

    def __init__(self, requests: Iterator[bytes], until: float, times: list[float]) -> None:
        super().__init__()
        self._requests, self._until, self._times = requests, until, times

    def begin(self) -> None:
        """Send a request."""
        request = next(self._requests)
        self._sent_at = perf_counter()
        self.send(request)

    def answered(self, head: bytes, body: bytes) -> None:
        """Note how long it took."""
        now = perf_counter()
        self._times.append(now - self._sent_at)
        if now < self._until:
            self.begin()
        else:
            self.finish()


async def closed_loop(url: str, requests: Iterator[bytes], *, seconds: float, connections: int) -> Load:
    """Send for so many seconds. Raises RuntimeError for any answer but 200 and 304."""
    times: list[float] = []
    start = perf_counter()
    loops = [Loop(requests, start + seconds, times) for _ in range(connections)]
    await connect(url, loops)
    for each in loops:
        each.begin()
    await asyncio.gather(*(each.done for each in loops))
    return Load(perf_counter() - start, sorted(times))


class Sender(Connection):
    """One connection of an open loop; free again when it is answered."""

    def __init__(self, free: deque["Sender"], times: list[float]) -> None:
        super().__init__()
        self._free, self._times = free, times

    def begin(self, request: bytes, due: float) -> None:
        """Send what was due then."""
        self._due = due
        self.send(request)

    def answered(self, head: bytes, body: bytes) -> None:
        """Note how long it took since it was due, the waiting for a free connection too."""
        self._times.append(perf_counter() - self._due)
        self._free.append(self)


async def open_loop(
    url: str, requests: Iterator[bytes], *, rate: float, seconds: float, connections: int
) -> Load:
    """Send so many requests a second, whether or not earlier ones are answered."""
    times: list[float] = []
    free: deque[Sender] = deque()
    senders = [Sender(free, times) for _ in range(connections)]
    await connect(url, senders)
    free.extend(senders)
    waiting: deque[tuple[bytes, float]] = deque()
    start, sent, total = perf_counter(), 0, int(rate * seconds)
    while len(times) < total:
        now = perf_counter()
        due = min(total, int((now - start) * rate) + 1)
        waiting.extend((next(requests), now) for _ in range(due - sent))
        sent = due
        while waiting and free:
            free.popleft().begin(*waiting.popleft())
        _raise_failures(senders)
        await asyncio.sleep(TICK)
    elapsed = perf_counter() - start
    for each in senders:
        each.finish()
    return Load(elapsed, sorted(times))


def _raise_failures(senders: list[Sender]) -> None:
    for each in senders:
        if each.done.done():
            each.done.result()


@dataclass(frozen=True)
class Client:
    """Asks the same addresses again and again, or posts to the first of them what is new each time."""

    url: str
    headers: dict[str, str]
    others: tuple[str, ...] = ()

    def post(self, bodies: Iterator[bytes], *, seconds: float, connections: int) -> Load:
        """As fast as the server answers."""
        requests = self._posts(bodies)
        return _run(closed_loop(self.url, requests, seconds=seconds, connections=connections))

    def post_at(self, rate: float, bodies: Iterator[bytes], *, seconds: float, connections: int) -> Load:
        """So many a second, as long as the server keeps up."""
        requests = self._posts(bodies)
        return _run(open_loop(self.url, requests, rate=rate, seconds=seconds, connections=connections))

    def get(self, *, seconds: float, connections: int) -> Load:
        """As fast as the server answers."""
        heads = [request_head("GET", url, self.headers) for url in (self.url, *self.others)]
        requests = cycle([head + b"\r\n" for head in heads])
        return _run(closed_loop(self.url, requests, seconds=seconds, connections=connections))

    def _posts(self, bodies: Iterator[bytes]) -> Iterator[bytes]:
        head = request_head("POST", self.url, self.headers)
        return (with_body(head, body) for body in bodies)


def _run(work: Coroutine[None, None, Load]) -> Load:
    with generating():
        return asyncio.run(work)
