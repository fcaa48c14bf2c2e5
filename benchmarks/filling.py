"""Ledgers that have grown for long: millions of events with their tallies, written by PostgreSQL itself."""

import asyncio

import asyncpg

from app.models import events
from app.scoring.reading import read_rubric
from app.scoring.signal import signal_of
from benchmarks.bodies import PARTNERS
from benchmarks.servers import RUBRIC

DAYS = 360

EVENTS = """
INSERT INTO {table} (program, source, id, type, occurred_at, received_at, partner, contact, verdict,
  properties, digest)
SELECT 'bench', 'history', 'old-' || n, (ARRAY['email.opened', 'email.clicked', 'page.viewed'])[1 + n % 3],
  now() - (1 - n::float / {rows}) * interval '{days} days', now(), 'partner-' || lpad(partner, 7, '0'),
  'jo@partner-' || lpad(partner, 7, '0') || '.example', 'human',
  '{{"campaign":"spring-storage","path":"/partners/deal-registration"}}', md5(n::text) || md5(n::text)
FROM generate_series(1, {rows}) AS n, LATERAL (SELECT (n * 7919::bigint % {partners})::text AS partner) AS p
"""
TALLIES = """
INSERT INTO tally (program, partner, signal, day, count)
SELECT program, partner, CASE type {signals} END, occurred_at::date - date '1970-01-01', count(*)
FROM event WHERE program = 'bench' GROUP BY 1, 2, 3, 4
"""
PARTNERS_AND_CONTACTS = """
INSERT INTO partner (program, id, attributes, counts_for, created_at, updated_at)
SELECT program, partner, '{}', partner, now(), now() FROM event WHERE program = 'bench' GROUP BY 1, 2;
INSERT INTO contact_tally (program, partner, contact, day, count)
SELECT program, partner, contact, occurred_at::date - date '1970-01-01', count(*)
FROM event WHERE program = 'bench' GROUP BY 1, 2, 3, 4
"""


def fill(url: str, rows: int) -> None:
    """Write so many events of the last 360 days, and what is counted of them, into an empty database."""
    asyncio.run(_fill(url, rows))


async def _fill(url: str, rows: int) -> None:
    connection = await asyncpg.connect(url)
    names = [str(index.name) for index in events.indexes]
    made = [await connection.fetchval("SELECT pg_get_indexdef($1::regclass)", each) for each in names]
    # An index that is built at the end is built ten times as fast.
    for each in names:
        await connection.execute(f"DROP INDEX {each}")
    await connection.execute(events_into("event", rows))
    for definition in made:
        await connection.execute(definition)
    await connection.execute(TALLIES.format(signals=_signals()))
    await connection.execute(PARTNERS_AND_CONTACTS)
    await connection.execute("VACUUM ANALYZE")
    # What filling has left to be written must not be paid for by what is measured.
    await connection.execute("CHECKPOINT")
    await connection.close()


def events_into(table: str, rows: int) -> str:
    """The statement that writes so many events, oldest first."""
    return EVENTS.format(table=table, rows=rows, days=DAYS, partners=PARTNERS)


def _signals() -> str:
    """The keys of the example rubric's signals, by type."""
    rules = {rule.on: signal_of(rule).key for rule in read_rubric(RUBRIC).rules}
    return " ".join(
        f"WHEN '{type_}' THEN {rules[type_]}" for type_ in ("email.opened", "email.clicked", "page.viewed")
    )
