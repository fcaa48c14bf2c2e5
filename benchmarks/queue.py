"""A hundred dashboards that poll a queue of 500 open hand-offs, and a thousand that stream it."""

import asyncio
import json
import statistics
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from itertools import product
from time import perf_counter

import httpx2

from benchmarks.databases import postgresql, sqlite
from benchmarks.figures import Sample, Sheet
from benchmarks.pollers import Listener, listen, poll
from benchmarks.run import Run
from benchmarks.servers import Server, echo, handraiser

SECONDS = 4.0
OPEN, POLLERS, STREAMS, CLAIMS = 500, 100, 1_000, 20
BARE, UNCHANGED, CHANGING = WAYS = ("bare echo", "unchanged, 304", "a change a second")


def measure(run: Run) -> Iterator[Sheet]:
    """Pollers on both databases, then streams."""
    polls = Sheet(f"{POLLERS} pollers with ETags, {OPEN} open hand-offs", "requests/s", (BARE,))
    streams = Sheet(f"{run.size(STREAMS):,} streams, {CLAIMS} claims", "ms to the last")
    with ExitStack() as stack:
        bare = stack.enter_context(echo())
        servers = {
            "SQLite": stack.enter_context(handraiser(stack.enter_context(sqlite()))),
            "PostgreSQL": stack.enter_context(handraiser(stack.enter_context(postgresql()))),
        }
        for server in servers.values():
            asyncio.run(_fill(server))
        for _, (name, server) in product(run.rounds, servers.items()):
            for way in WAYS:
                polled = bare if way == BARE else server
                found = _poll(polled, changing=way == CHANGING, seconds=run.seconds(SECONDS))
                polls.add(name, way, asyncio.run(found))
        for _, (name, server) in product(run.rounds, servers.items()):
            streams.add("", name, asyncio.run(_stream(server, run.size(STREAMS))))
    yield from (polls, streams)


async def _fill(server: Server) -> None:
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
    async with server.client() as client:
        content = "\n".join(json.dumps(each) for each in events)
        headers = {"Content-Type": "application/x-ndjson"}
        (await client.post("/v1/events", content=content, headers=headers)).raise_for_status()


async def _poll(server: Server, *, changing: bool, seconds: float) -> Sample:
    polling = poll(f"{server.url}/v1/handoffs?state=open", server.key, seconds=seconds, connections=POLLERS)
    if not changing:
        return await polling
    async with _changing(server):
        return await polling


@asynccontextmanager
async def _changing(server: Server) -> AsyncIterator[None]:
    async def change() -> None:
        async with server.client() as client:
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


async def _stream(server: Server, connections: int) -> Sample:
    async with server.client() as client:
        before = await _memory(client)
        listeners = await listen(f"{server.url}/v1/handoffs/stream", server.key, connections=connections)
        memory = (await _memory(client) - before) / connections
        delays = [await _told(client, listeners) for _ in range(CLAIMS)]
        for listener in listeners:
            listener.transport.close()
    half, last = (statistics.median(each) * 1000 for each in zip(*delays, strict=True))
    return {"ms to the last": last, "ms to half": half, "KiB a stream": memory / 1024}


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
