"""A hundred dashboards that poll a queue of 500 open hand-offs beside /healthz; a thousand that stream it."""

import asyncio
import json
import statistics
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import product
from time import perf_counter

import httpx2
from rich.console import Console
from rich.table import Table

from benchmarks.databases import postgresql, sqlite
from benchmarks.pollers import Listener, Polls, listen, poll
from benchmarks.servers import handraiser

ROUNDS = 3
SECONDS = 4.0
OPEN, POLLERS, STREAMS, CLAIMS = 500, 100, 1_000, 20
WAYS = ("/healthz", "unchanged", "a change a second")


@dataclass(frozen=True)
class Target:
    """A service with a queue."""

    name: str
    url: str
    key: str

    def client(self) -> httpx2.AsyncClient:
        """A client with the key."""
        return httpx2.AsyncClient(
            base_url=self.url, headers={"Authorization": f"Bearer {self.key}"}, timeout=60, trust_env=False
        )


@dataclass(frozen=True)
class Streams:
    """Bytes that a stream takes; seconds from each claim to the median and to the last client."""

    memory: float
    median: list[float]
    last: list[float]


def measure(scale: float) -> None:
    """Measure and print."""
    with ExitStack() as stack:
        targets = [
            stack.enter_context(_service("SQLite", stack.enter_context(sqlite()))),
            stack.enter_context(_service("PostgreSQL", stack.enter_context(postgresql()))),
        ]
        for target in targets:
            asyncio.run(_fill(target))
        polls: dict[tuple[str, str], list[Polls]] = {}
        for _, target, way in product(range(ROUNDS), targets, WAYS):
            found = asyncio.run(_poll(target, way, seconds=SECONDS * scale))
            polls.setdefault((target.name, way), []).append(found)
        streams = {each.name: asyncio.run(_stream(each, int(STREAMS * scale))) for each in targets}
    _print_polls(polls)
    _print_streams(streams, int(STREAMS * scale))


@contextmanager
def _service(name: str, database_url: str) -> Iterator[Target]:
    with handraiser(database_url) as (url, key):
        yield Target(name, url, key)


async def _fill(target: Target) -> None:
    kinds = {"show": "tradeshow.attended", "webinar": "webinar.attended", "click": "email.clicked"}
    events = [
        {
            "id": f"{id_}-{n}",
            "type": type_,
            "partner": f"p{n}",
            "contact": f"jo@p{n}.example",
            "properties": {"minutes": 45, "title": "Storage in 2026"},
        }
        for n in range(OPEN)
        for id_, type_ in kinds.items()
    ]
    async with target.client() as client:
        content = "\n".join(json.dumps(each) for each in events)
        headers = {"Content-Type": "application/x-ndjson"}
        (await client.post("/v1/events", content=content, headers=headers)).raise_for_status()


async def _poll(target: Target, way: str, *, seconds: float) -> Polls:
    path = "/healthz" if way == "/healthz" else "/v1/handoffs?state=open"
    if way != "a change a second":
        return await poll(f"{target.url}{path}", target.key, seconds=seconds, connections=POLLERS)
    async with _changing(target):
        return await poll(f"{target.url}{path}", target.key, seconds=seconds, connections=POLLERS)


@asynccontextmanager
async def _changing(target: Target) -> AsyncIterator[None]:
    async def change() -> None:
        async with target.client() as client:
            while True:
                await asyncio.sleep(1)
                await _claim(client)

    changing = asyncio.create_task(change())
    yield
    changing.cancel()
    await asyncio.gather(changing, return_exceptions=True)


async def _claim(client: httpx2.AsyncClient) -> None:
    """A change to the queue that leaves it as long as it was."""
    handoff = (await client.post("/v1/handoffs/next", json={"by": "rep"})).raise_for_status().json()["id"]
    (await client.post(f"/v1/handoffs/{handoff}/release", json={})).raise_for_status()


async def _stream(target: Target, connections: int) -> Streams:
    async with target.client() as client:
        before = await _memory(client)
        listeners = await listen(f"{target.url}/v1/handoffs/stream", target.key, connections=connections)
        memory = (await _memory(client) - before) / connections
        delays = [await _told(client, listeners) for _ in range(CLAIMS)]
        for listener in listeners:
            listener.transport.close()
    return Streams(memory, [median for median, _ in delays], [last for _, last in delays])


async def _memory(client: httpx2.AsyncClient) -> float:
    text = (await client.get("/metrics")).text
    (line,) = (each for each in text.splitlines() if each.startswith("process_resident_memory_bytes "))
    return float(line.split()[1])


async def _told(client: httpx2.AsyncClient, listeners: list[Listener]) -> tuple[float, float]:
    """Seconds from sending a claim until half of the clients, and until all, have heard of it."""
    told = asyncio.gather(*(listener.told() for listener in listeners))
    start = perf_counter()
    claim = (await client.post("/v1/handoffs/next", json={"by": "rep"})).raise_for_status().json()
    delays = sorted(at - start for at in await told)
    told = asyncio.gather(*(listener.told() for listener in listeners))
    (await client.post(f"/v1/handoffs/{claim['id']}/release", json={})).raise_for_status()
    await told
    return delays[len(delays) // 2], delays[-1]


def _print_polls(polls: dict[tuple[str, str], list[Polls]]) -> None:
    title = f"{POLLERS} pollers with ETags, {OPEN} open hand-offs, median of {ROUNDS}"
    table = Table(
        "", "polled", "requests/s", "least to most", "200", "p50 ms", "p99 ms", "of /healthz", title=title
    )
    for (name, way), rounds in polls.items():
        rates = sorted(each.per_second for each in rounds)
        pairs = zip(rounds, polls[name, "/healthz"], strict=True)
        table.add_row(
            name,
            way,
            f"{statistics.median(rates):,.0f}",
            f"{rates[0]:,.0f} to {rates[-1]:,.0f}",
            "" if way == "/healthz" else f"{statistics.median(each.changed for each in rounds):,.0f}",
            f"{statistics.median(each.p50 for each in rounds) * 1000:.1f}",
            f"{statistics.median(each.p99 for each in rounds) * 1000:.1f}",
            f"{statistics.median(each.per_second / bare.per_second for each, bare in pairs):.2f}",
        )
    Console().print(table)


def _print_streams(streams: dict[str, Streams], connections: int) -> None:
    title = f"{connections:,} streams, {CLAIMS} claims"
    table = Table("", "KiB a stream", "ms to half", "ms to the last", "least to most", title=title)
    for name, found in streams.items():
        last = sorted(found.last)
        table.add_row(
            name,
            f"{found.memory / 1024:.0f}",
            f"{statistics.median(found.median) * 1000:.0f}",
            f"{statistics.median(last) * 1000:.0f}",
            f"{last[0] * 1000:.0f} to {last[-1] * 1000:.0f}",
        )
    Console().print(table)
