"""Whether to partition the ledger by month: adding, looking up and removing at ten million events."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from time import perf_counter

import asyncpg

from benchmarks.databases import database, postgres
from benchmarks.figures import Sample, Sheet
from benchmarks.filling import DAYS, events_into
from benchmarks.loading import COLUMNS, rows
from benchmarks.run import Run

EVENTS = 10_000_000
MONTH = 30
ADDED, SOUGHT, BATCH = 200_000, 20_000, 1_000
PLAIN = "one table"
PARTED = "a partition a month"

# A unique index of a partitioned table must hold the column that it is partitioned by.
TABLES = {
    PLAIN: "CREATE TABLE {name} (LIKE event INCLUDING ALL)",
    PARTED: """
    CREATE TABLE {name} (LIKE event) PARTITION BY RANGE (occurred_at);
    ALTER TABLE {name} ADD PRIMARY KEY (program, source, id, occurred_at);
    CREATE INDEX ON {name} (program, partner, occurred_at);
    CREATE INDEX ON {name} (program, occurred_at);
    CREATE INDEX ON {name} (program, partner, contact) WHERE partner IS NULL;
    """,
}
PARTITION = """
CREATE TABLE {name}_{month} PARTITION OF {name}
FOR VALUES FROM (now() - interval '{begin} days') TO (now() - interval '{end} days')
"""
FOUND = """
SELECT count(*) FROM unnest($1::text[]) AS wanted (id)
JOIN {name} AS event ON event.program = 'bench' AND event.source = 'history' AND event.id = wanted.id
"""
OLDEST = "SELECT count(*) FROM {name} WHERE occurred_at < now() - interval '{days} days'"
REMOVED = """
WITH old AS (
  SELECT source, id FROM {name} WHERE program = 'bench' AND occurred_at < now() - interval '{days} days'
  ORDER BY occurred_at LIMIT {batch} FOR UPDATE SKIP LOCKED
) DELETE FROM {name} USING old WHERE program = 'bench' AND {name}.source = old.source AND {name}.id = old.id
"""


def measure(run: Run) -> Iterator[Sheet]:
    """Once; filling two tables with as many events takes minutes."""
    size = run.size(EVENTS)
    sheet = Sheet(f"A ledger of {size:,} events", "events/s", (PLAIN,))
    with ExitStack() as stack:
        url = database(stack.enter_context(postgres()))
        for way in (PLAIN, PARTED):
            for case, found in asyncio.run(_measured(url, way, size)):
                sheet.add(case, way, found)
    yield sheet


async def _measured(url: str, way: str, size: int) -> list[tuple[str, Sample]]:
    connection = await asyncpg.connect(url)
    name = "plain" if way == PLAIN else "parted"
    await connection.execute(TABLES[way].format(name=name))
    months = DAYS // MONTH if way == PARTED else 0
    for month in range(months):
        begin = DAYS + 1 - month * MONTH
        end = begin - MONTH - (2 if month == months - 1 else 0)
        await connection.execute(PARTITION.format(name=name, month=month, begin=begin, end=end))
    await connection.execute(events_into(name, size))
    await connection.execute("VACUUM ANALYZE")
    found = [
        ("added by COPY, 1,000 to a commit", await _added(connection, name)),
        ("looked up by source and id, 1,000 at once", await _sought(connection, name, size)),
        ("the oldest month removed", await _removed(connection, name, way)),
    ]
    await connection.execute(f"DROP TABLE {name}")
    await connection.close()
    return found


async def _added(connection: asyncpg.Connection, name: str) -> Sample:
    spent = 0.0
    for _ in range(ADDED // BATCH):
        records = rows(await connection.fetchval("SELECT now()"))
        start = perf_counter()
        await connection.copy_records_to_table(name, records=records, columns=COLUMNS)
        spent += perf_counter() - start
    return {"events/s": ADDED / spent}


async def _sought(connection: asyncpg.Connection, name: str, size: int) -> Sample:
    start = perf_counter()
    for nth in range(SOUGHT // BATCH):
        ids = [f"old-{1 + (nth * BATCH + each) * 7919 % size}" for each in range(BATCH)]
        await connection.fetchval(FOUND.format(name=name), ids)
    return {"events/s": SOUGHT / (perf_counter() - start)}


async def _removed(connection: asyncpg.Connection, name: str, way: str) -> Sample:
    days = DAYS - MONTH + 1
    number = await connection.fetchval(OLDEST.format(name=name, days=days))
    start = perf_counter()
    if way == PARTED:
        await connection.execute(f"DROP TABLE {name}_0")
    else:
        statement = REMOVED.format(name=name, days=days, batch=BATCH)
        while await connection.execute(statement) == f"DELETE {BATCH}":
            pass
        await connection.execute(f"VACUUM {name}")
    return {"events/s": number / (perf_counter() - start)}
