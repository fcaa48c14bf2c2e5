"""Deliveries per second, each recorded, beside bare clients that post the same; from commit to arrival."""

import asyncio
import gc
import subprocess
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from itertools import product, repeat
from time import monotonic, perf_counter
from typing import Any, TypeVar

import httpx2
from sqlalchemy import func, literal_column, select
from ulid import ULID
from uvicorn.loops.auto import auto_loop_factory

from app import clock
from app.background.memory import settle_memory
from app.db import Database, open_database
from app.delivery.worker import Worker
from app.models import deliveries
from app.settings import Settings
from app.store import deliveries as store
from benchmarks.databases import postgresql, sqlite
from benchmarks.figures import Sample, Sheet, percentile
from benchmarks.load import Client
from benchmarks.message import BODY, HEADERS, SECRET, TEXT
from benchmarks.posting import AT_ONCE, CLIENTS
from benchmarks.run import Run
from benchmarks.servers import receiver
from tests.delivery.owing import VAULT, add_program, add_webhook

T = TypeVar("T")

DELIVERIES = 6_000
WEBHOOKS = 10
PER_SECOND = 200
"""Commits of one delivery each while latency is measured."""

SECONDS = 6.0
UNLIMITED = 1_000_000
YARDSTICKS = ("bare protocol", "bare pyreqwest", "bare httpx2")


def measure(run: Run) -> Iterator[Sheet]:
    """Rates, then how long a message takes from its commit."""
    number = run.size(DELIVERIES)
    rates = Sheet(
        f"{number:,} deliveries to {WEBHOOKS} webhooks, {AT_ONCE} in flight", "deliveries/s", YARDSTICKS
    )
    waits = Sheet(f"From commit to arrival, {PER_SECOND} commits a second", "p50 ms")
    with ExitStack() as stack:
        settle_memory()
        stack.callback(gc.unfreeze)
        url = stack.enter_context(receiver()).url
        urls = {"SQLite": stack.enter_context(sqlite()), "PostgreSQL": stack.enter_context(postgresql())}
        for each in urls.values():
            _run(_prepare(each))
        for _ in run.rounds:
            rates.add("", "bare protocol", {"deliveries/s": _bare(url, run.seconds(2))})
            for client in CLIENTS:
                rates.add("", f"bare {client}", {"deliveries/s": number / _posted(client, url, number)})
            for name, database in urls.items():
                rate = _run(_delivered(database, url, number))
                rates.add("", f"worker, {name}", {"deliveries/s": rate})
        for _, (name, database) in product(run.rounds, urls.items()):
            for case, healthy in (("all healthy", True), ("nine, beside one that hangs", False)):
                waits.add(case, name, _run(_waited(database, url, healthy, run.seconds(SECONDS))))
    yield from (rates, waits)


def _run(work: Coroutine[Any, Any, T]) -> T:
    """In an event loop as `handraiser work` has it."""
    with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
        return runner.run(work)


async def _prepare(database_url: str) -> None:
    database = open_database(Settings(database_url=database_url))
    await database.write(add_program)
    await database.close()


def _bare(url: str, seconds: float) -> float:
    """A protocol that only counts bytes: about the least that posting can cost."""
    return Client(url + "/hook", HEADERS).post(repeat(BODY), seconds=seconds, connections=AT_ONCE).per_second


def _posted(client: str, url: str, number: int) -> float:
    command = [sys.executable, "-m", "benchmarks.posting", client, url + "/hook", str(number)]
    return float(subprocess.run(command, check=True, capture_output=True).stdout)


async def _delivered(database_url: str, url: str, number: int) -> float:
    """Deliveries per second, from the worker's start until the last attempt is written down."""
    async with _webhooks(database_url, [url + "/hook"] * WEBHOOKS) as (database, names):
        await _owe(database, [names[n % WEBHOOKS] for n in range(number)])
        start = perf_counter()
        async with _working(database):
            await _all_recorded(database)
        return number / (perf_counter() - start)


async def _all_recorded(database: Database) -> None:
    owed = select(func.count()).where(deliveries.c.state == literal_column("'owed'"))
    while True:
        if not await database.read(lambda c: c.scalar(owed)):
            return
        await asyncio.sleep(0.05)


async def _waited(database_url: str, url: str, healthy: bool, seconds: float) -> Sample:
    """From commit to arrival at the webhooks that answer; unless all are `healthy` one never does."""
    urls = [url + ("/hook" if healthy or n else "/hang") for n in range(WEBHOOKS)]
    async with (
        httpx2.AsyncClient(base_url=url, trust_env=False) as client,
        _webhooks(database_url, urls) as (database, names),
        _working(database) as worker,
    ):
        await client.get("/")
        committed: dict[str, float] = {}
        start = monotonic()
        for n in range(int(seconds * PER_SECOND)):
            await asyncio.sleep(max(0.0, start + n / PER_SECOND - monotonic()))
            webhook = names[n % WEBHOOKS]
            [id_] = await _owe(database, [webhook])
            if not urls[n % WEBHOOKS].endswith("/hang"):
                committed[id_] = monotonic()
            worker.wake()
        await asyncio.sleep(1)
        arrivals = (await client.get("/")).json()
        times = sorted(1000 * (arrivals[id_] - at) for id_, at in committed.items())
        return {f"p{percent} ms": percentile(times, percent) for percent in (50, 95, 99)}


@asynccontextmanager
async def _webhooks(database_url: str, urls: Sequence[str]) -> AsyncIterator[tuple[Database, list[str]]]:
    """The database, with a webhook for each URL, and their ids."""
    database = open_database(Settings(database_url=database_url))
    names = [f"wh_{ULID()}" for _ in urls]
    for name, url in zip(names, urls, strict=True):
        await add_webhook(database, name, url=url, secret=SECRET, per_second=UNLIMITED)
    yield database, names
    await database.close()


async def _owe(database: Database, webhooks: Sequence[str]) -> list[str]:
    """A delivery to each, in one transaction; their ids."""
    now = clock.now()
    shared = {"program": "acme", "type": "handoff.opened", "partner": None, "sequence": None, "body": TEXT}
    rows = [
        {**shared, "id": f"msg_{ULID()}", "webhook": each, "created_at": now, "due_at": now}
        for each in webhooks
    ]
    await database.write(lambda c: store.add(c, rows))
    return [str(row["id"]) for row in rows]


@asynccontextmanager
async def _working(database: Database) -> AsyncIterator[Worker]:
    settings = Settings(webhook_allow_cidrs=("127.0.0.0/8",), webhook_concurrency=AT_ONCE)
    worker = Worker(database, VAULT, settings)
    task = asyncio.create_task(worker.run())
    yield worker
    await worker.stop()
    await task
