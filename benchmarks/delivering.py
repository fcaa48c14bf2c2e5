"""Deliveries per second, each recorded, beside bare clients that post the same; from commit to arrival."""

import asyncio
import statistics
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from itertools import repeat
from time import monotonic, perf_counter

import httpx2
from rich.console import Console
from rich.table import Table
from sqlalchemy import func, literal_column, select
from ulid import ULID

from app import clock
from app.db import Database, open_database
from app.delivery.worker import Worker
from app.models import deliveries
from app.settings import Settings
from app.store import deliveries as store
from benchmarks.databases import postgresql, sqlite
from benchmarks.load import post
from benchmarks.message import BODY, HEADERS, SECRET, TEXT
from benchmarks.posting import AT_ONCE, CLIENTS
from benchmarks.servers import receiver
from tests.delivery.owing import VAULT, add_program, add_webhook

DELIVERIES = 6_000
ROUNDS = 3
WEBHOOKS = 10
PER_SECOND = 200
"""Commits of one delivery each while latency is measured."""

SECONDS = 6.0
UNLIMITED = 1_000_000
YARDSTICKS = ("bare protocol", "bare pyreqwest", "bare httpx2")


def measure(scale: float) -> None:
    """Measure and print."""
    number = int(DELIVERIES * scale)
    with ExitStack() as stack:
        url = stack.enter_context(receiver())
        urls = {"SQLite": stack.enter_context(sqlite()), "PostgreSQL": stack.enter_context(postgresql())}
        for each in urls.values():
            asyncio.run(_prepare(each))
        rates: dict[str, list[float]] = {}
        for _ in range(ROUNDS):
            rates.setdefault("bare protocol", []).append(_bare(url))
            for client in CLIENTS:
                rates.setdefault(f"bare {client}", []).append(number / _posted(client, url, number))
            for name, database in urls.items():
                rates.setdefault(f"worker, {name}", []).append(asyncio.run(_delivered(database, url, number)))
        _print_rates(number, rates)
        seconds = SECONDS * scale
        _print_waits({name: asyncio.run(_waits(each, url, seconds)) for name, each in urls.items()})


async def _prepare(database_url: str) -> None:
    database = open_database(Settings(database_url=database_url))
    await database.write(add_program)
    await database.close()


def _bare(url: str) -> float:
    """A protocol that only counts bytes: about the least that posting can cost."""
    posting = post(url + "/hook", repeat(BODY), seconds=2, connections=AT_ONCE, headers=HEADERS)
    return asyncio.run(posting).per_second


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


async def _waits(database_url: str, url: str, seconds: float) -> list[list[float]]:
    """Seconds from commit to arrival: all healthy; and of the nine others while one never answers."""
    healthy = [url + "/hook"] * WEBHOOKS
    return [
        await _waited(database_url, url, urls, seconds) for urls in (healthy, [url + "/hang", *healthy[1:]])
    ]


async def _waited(database_url: str, url: str, urls: Sequence[str], seconds: float) -> list[float]:
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
        return sorted(arrivals[id_] - at for id_, at in committed.items())


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


def _print_rates(number: int, rates: dict[str, list[float]]) -> None:
    title = f"{number:,} deliveries to {WEBHOOKS} webhooks, {AT_ONCE} in flight, median of {ROUNDS}"
    table = Table("", "deliveries/s", "least to most", *(f"of {name}" for name in YARDSTICKS), title=title)
    for name, some in rates.items():
        ratios = [
            statistics.median(one / other for one, other in zip(some, rates[each], strict=True))
            for each in YARDSTICKS
        ]
        table.add_row(
            name,
            f"{statistics.median(some):,.0f}",
            f"{min(some):,.0f} to {max(some):,.0f}",
            *(f"{ratio:.2f}" for ratio in ratios),
        )
    Console().print(table)


def _print_waits(waits: dict[str, list[list[float]]]) -> None:
    title = f"Commit to arrival, {PER_SECOND} commits a second, ms"
    table = Table("", "webhooks", "p50", "p95", "p99", "p95 of all healthy", title=title)
    for name, (healthy, beside) in waits.items():
        for label, some in (("all healthy", healthy), ("nine, beside one that hangs", beside)):
            cuts = [1000 * some[len(some) * percent // 100] for percent in (50, 95, 99)]
            ratio = cuts[1] / (1000 * healthy[len(healthy) * 95 // 100])
            table.add_row(name, label, *(f"{cut:.1f}" for cut in cuts), f"{ratio:.2f}")
    Console().print(table)
