"""From sending an event to its acknowledgement, its score, and the webhook that it causes: each does."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, KeysView
from contextlib import ExitStack, asynccontextmanager
from itertools import count, product
from time import perf_counter
from typing import cast

from benchmarks.bodies import JSON
from benchmarks.connection import END_OF_HEAD, Connection, connect, length, request_head, with_body
from benchmarks.databases import postgresql, sqlite
from benchmarks.figures import Sample, Sheet, percentile
from benchmarks.load import open_loop
from benchmarks.machine import generating
from benchmarks.rubrics import EACH_CROSSES
from benchmarks.run import Run
from benchmarks.servers import Server, handraiser

PER_SECOND = 500
SECONDS = 6.0
CONNECTIONS = 32
LOOKS_PER_SECOND = 20
PATIENCE = 10.0
"""Seconds to wait for the last webhooks."""

UNLIMITED = {"max_in_flight": 64, "per_second": 1_000}
SETTINGS = {"HANDRAISER_WEBHOOK_ALLOW_CIDRS": "127.0.0.0/8"}
SCORED = re.compile(rb'"score": ?5(\.0)?\b')
TRIGGER = re.compile(rb'"trigger": ?{"event": ?"([^"]+)"')


class Arrivals:
    """When the hand-off of each event came first, by the event's id."""

    def __init__(self) -> None:
        self.times: dict[bytes, float] = {}
        self._more = asyncio.Event()

    def note(self, events: list[bytes]) -> None:
        """They are here."""
        for event in events:
            self.times.setdefault(event, perf_counter())
        self._more.set()

    async def wait_for(self, events: KeysView[bytes]) -> None:
        """Until all of them are here. Raises TimeoutError."""
        async with asyncio.timeout(PATIENCE):
            while not self.times.keys() >= events:
                self._more.clear()
                await self._more.wait()


class Receiver(asyncio.Protocol):
    """Takes webhooks on one connection, and answers each that is there in whole."""

    def __init__(self, arrivals: Arrivals) -> None:
        self._arrivals = arrivals
        self._buffer = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be ready to answer."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Note what a message is about."""
        self._buffer += data
        end = self._buffer.find(END_OF_HEAD)
        if end < 0 or len(self._buffer) < end + len(END_OF_HEAD) + length(self._buffer[:end]):
            return
        self._arrivals.note(TRIGGER.findall(self._buffer))
        self._buffer.clear()
        self._transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")


class Asker(Connection):
    """Asks and waits."""

    async def ask(self, request: bytes) -> bytes:
        """The body of the answer."""
        self._answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.send(request)
        return await self._answer

    def answered(self, head: bytes, body: bytes) -> None:
        """Hand it to who waits."""
        self._answer.set_result(body)


def measure(run: Run) -> Iterator[Sheet]:
    """On both databases."""
    sheet = Sheet(f"From sending, {PER_SECOND} events a second, each crossing", "webhook p99 ms")
    with ExitStack() as stack:
        servers = {
            "SQLite": _service(stack, stack.enter_context(sqlite())),
            "PostgreSQL": _service(stack, stack.enter_context(postgresql())),
        }
        with generating():
            for nth, (name, server) in product((-1, *run.rounds), servers.items()):
                found = asyncio.run(_reached(server, f"r{nth}", run.seconds(SECONDS)))
                # The first was to warm up.
                if nth >= 0:
                    sheet.add("", name, found)
    yield sheet


def _service(stack: ExitStack, url: str) -> Server:
    return stack.enter_context(handraiser(url, rubric=EACH_CROSSES, settings=SETTINGS))


async def _reached(server: Server, run: str, seconds: float) -> Sample:
    arrivals, sent = Arrivals(), dict[bytes, float]()
    receiver = await asyncio.get_running_loop().create_server(lambda: Receiver(arrivals), "127.0.0.1")
    async with receiver, _subscribed(server, receiver.sockets[0].getsockname()[1]):
        posts = _posts(server, run, sent)
        load, seen = await asyncio.gather(
            open_loop(server.url, posts, rate=PER_SECOND, seconds=seconds, connections=CONNECTIONS),
            _look(server, run, looks=int(seconds * LOOKS_PER_SECOND)),
        )
        await arrivals.wait_for(sent.keys())
    webhook = sorted(arrivals.times[event] - at for event, at in sent.items())
    waited = {"ack": load.times, "score seen": seen, "webhook": webhook}
    return {
        f"{what} p{percent} ms": 1000 * percentile(times, percent)
        for what, times in waited.items()
        for percent in (50, 99)
    }


@asynccontextmanager
async def _subscribed(server: Server, port: int) -> AsyncIterator[None]:
    webhook = {"url": f"http://127.0.0.1:{port}/", "types": ["handoff.opened"], **UNLIMITED}
    async with server.client() as client:
        made = (await client.post("/v1/webhooks", json=webhook)).raise_for_status().json()
        yield
        (await client.delete(f"/v1/webhooks/{made['id']}")).raise_for_status()


def _event(run: str, number: int) -> bytes:
    """Of a partner of its own, which crosses the threshold by it."""
    name = f"{run}-{number}"
    return f'{{"id":"{name}","type":"email.clicked","partner":"{name}","source":"bench"}}'.encode()


def _posts(server: Server, run: str, sent: dict[bytes, float]) -> Iterator[bytes]:
    """Requests; when each is taken is when it is due."""
    head = _head(server, "POST", "/v1/events")
    for number in count():
        sent[f"{run}-{number}".encode()] = perf_counter()
        yield with_body(head, _event(run, number))


def _head(server: Server, method: str, path: str) -> bytes:
    client = server.at(path, **{"content-type": JSON})
    return request_head(method, client.url, client.headers)


async def _look(server: Server, run: str, *, looks: int) -> list[float]:
    """Now and then, in the middle of it all: post an event, and when it is acknowledged read its score.

    Seconds for both, in order. Raises RuntimeError if the score is not there.
    """
    asker, seen = Asker(), []
    await connect(server.url, [asker])
    for number in range(looks):
        name = f"look-{run}-{number}"
        start = perf_counter()
        await asker.ask(with_body(_head(server, "POST", "/v1/events"), _event(f"look-{run}", number)))
        score = await asker.ask(_head(server, "GET", f"/v1/partners/{name}/score") + b"\r\n")
        seen.append(perf_counter() - start)
        if not SCORED.search(score):
            raise RuntimeError(f"{name} was acknowledged and has no score: {score.decode()}")
        await asyncio.sleep(1 / LOOKS_PER_SECOND)
    asker.finish()
    return sorted(seen)
