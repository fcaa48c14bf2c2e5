"""Counting a new signal over a million events, beside a bare scan of the same rows."""

import asyncio
import statistics
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from time import perf_counter

from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection, delete, select, update

from app.background.counting import count_signals
from app.db import Database, open_database
from app.models import events, signals, tallies
from app.scoring.reading import read_rubric
from app.scoring.signal import signal_of
from app.services.rubrics import store_rubric
from app.settings import Settings
from app.store import ledger
from app.store.ledger import LedgerEvent
from benchmarks.databases import postgresql, sqlite
from benchmarks.population import NOW, PROGRAM, document, load, name, population

EVENTS = 1_000_000
TO_A_PARTNER = 50
AT_ONCE = 5_000
ROUNDS = 3
DEEP = {"id": "deep", "on": "page.viewed", "points": 3, "where": {"path": {"starts_with": "/partners/"}}}
RUBRIC = document(0) | {"name": "Deep", "rules": [DEEP]}
VERSION = 3


def measure(scale: float) -> None:
    """Measure and print."""
    size = int(EVENTS * scale)
    table = Table(
        "", "scan s", "counting s", "events/s", "times a scan", title=f"A new signal, {size:,} events"
    )
    with ExitStack() as stack:
        for label, make in (("SQLite", sqlite), ("PostgreSQL", postgresql)):
            scans, counts = asyncio.run(_measured(stack.enter_context(make()), size))
            scan, counting = statistics.median(scans), statistics.median(counts)
            table.add_row(
                label,
                f"{scan:.2f}",
                f"{counting:.2f}",
                f"{size / counting:,.0f}",
                f"{counting / scan:.1f}",
            )
    Console().print(table)


async def _measured(url: str, size: int) -> tuple[list[float], list[float]]:
    database = open_database(Settings(database_url=url))
    await _fill(database, size)
    scans, counts = [], []
    for _ in range(ROUNDS):
        start = perf_counter()
        await database.read(_scan)
        scans.append(perf_counter() - start)
        await database.write(_forget)
        start = perf_counter()
        await count_signals(database, PROGRAM, VERSION)
        counts.append(perf_counter() - start)
    await database.close()
    return scans, counts


async def _fill(database: Database, size: int) -> None:
    await load(database, population(size // TO_A_PARTNER))
    await database.write(lambda c: store_rubric(c, PROGRAM, read_rubric(RUBRIC), by="bench", now=NOW))
    for start in range(0, size, AT_ONCE):
        some = [_event(number, size // TO_A_PARTNER) for number in range(start, start + AT_ONCE)]
        await database.write(partial(ledger.add_new, rows=some))


def _event(number: int, partners: int) -> LedgerEvent:
    """Half of a partner's events are page views, half of those are deep."""
    nth = number // partners
    return LedgerEvent(
        program=PROGRAM,
        source="bench",
        id=f"{number:08}",
        type=("page.viewed", "email.opened")[nth % 2],
        occurred_at=NOW - timedelta(minutes=number % 100_000),
        received_at=NOW,
        # As they come in: one partner after the other, not all of one together.
        partner=name(number % partners),
        contact=None,
        persona=None,
        verdict="human",
        verdict_reason=None,
        properties={"path": ("/partners/deals", "/jobs")[nth // 2 % 2], "campaign": "spring-storage"},
        digest="0" * 64,
    )


def _scan(connection: Connection) -> int:
    """Every row of the ledger, as the driver gives it."""
    columns = (events.c.partner, events.c.type, events.c.occurred_at, events.c.persona, events.c.properties)
    query = select(*columns).where(events.c.program == PROGRAM)
    rows = connection.exec_driver_sql(
        str(query.compile(connection, compile_kwargs={"literal_binds": True})),
        execution_options={"yield_per": ledger.PAGE},
    )
    return sum(1 for _ in rows)


def _forget(connection: Connection) -> None:
    """As if it had never been counted."""
    deep = signal_of(read_rubric(RUBRIC).rules[0]).key
    connection.execute(delete(tallies).where(tallies.c.signal == deep))
    connection.execute(update(signals).where(signals.c.key == deep).values(counted=False))
