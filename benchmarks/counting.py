"""Counting a new signal over a million events, beside a bare scan of the same rows."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from time import perf_counter

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
from benchmarks.figures import Sheet
from benchmarks.population import NOW, PROGRAM, document, load, name, population
from benchmarks.run import Run

EVENTS = 1_000_000
TO_A_PARTNER = 50
AT_ONCE = 5_000
DEEP = {"id": "deep", "on": "page.viewed", "points": 3, "where": {"path": {"starts_with": "/partners/"}}}
RUBRIC = document(0) | {"name": "Deep", "rules": [DEEP]}
VERSION = 3


def measure(run: Run) -> Iterator[Sheet]:
    """On both databases."""
    size = run.size(EVENTS)
    sheet = Sheet(f"A new signal counted over {size:,} events", "events/s", ("bare scan",))
    with ExitStack() as stack:
        for case, make in (("SQLite", sqlite), ("PostgreSQL", postgresql)):
            for scan, counting in asyncio.run(_measured(stack.enter_context(make()), size, run)):
                sheet.add(case, "bare scan", {"events/s": size / scan})
                sheet.add(case, "counting", {"events/s": size / counting})
    yield sheet


async def _measured(url: str, size: int, run: Run) -> list[tuple[float, float]]:
    """Seconds of a scan and of the counting, round by round."""
    database = open_database(Settings(database_url=url))
    await _fill(database, size)
    found = []
    for _ in run.rounds:
        start = perf_counter()
        await database.read(_scan)
        scan = perf_counter() - start
        await database.write(_forget)
        start = perf_counter()
        await count_signals(database, PROGRAM, VERSION)
        found.append((scan, perf_counter() - start))
    await database.close()
    return found


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
