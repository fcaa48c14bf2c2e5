"""A preview of ten million events, counted into tallies, beside DuckDB's GROUP BY of the same events.

`python -m benchmarks.preview SUBJECT PARTNERS URL` runs once, in a process whose peak memory is its own.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import product
from time import perf_counter, process_time

import duckdb
import numpy as np

from app.db import open_database
from app.scoring.arrays import Floats, Ints
from app.services.comparing import compare
from app.settings import Settings
from app.store.previews import Key
from benchmarks.databases import postgresql, sqlite
from benchmarks.figures import Sample, Sheet
from benchmarks.machine import peak_mib
from benchmarks.population import CAP, HALF_LIFE, PROGRAM, Population, load, points, population, today
from benchmarks.run import Run

PARTNERS = 100_000
LEVEL = 60
BARE = ("DuckDB, the events", "DuckDB, the tallies", "NumPy, the tallies")
GROUP_BY = """
SELECT {sums} FROM (
  SELECT partner, signal, day, least({times}, {cap}) * pow(2, (day - {today}) / {half_life}) AS worth
  FROM people GROUP BY partner, signal, day
) GROUP BY partner
"""


def measure(run: Run) -> Iterator[Sheet]:
    """On both databases, and in memory."""
    size = run.size(PARTNERS)
    people = population(size)
    title = f"Preview of {size:,} partners, {int(people.count.sum()):,} events in {len(people.day):,} tallies"
    sheet = Sheet(title, "seconds", BARE)
    with ExitStack() as stack:
        urls = {"SQLite": stack.enter_context(sqlite()), "PostgreSQL": stack.enter_context(postgresql())}
        for url in urls.values():
            asyncio.run(_load(url, people))
        for _, name in product(run.rounds, (*BARE, *urls)):
            sheet.add("both rubrics", name, _run(name, size, urls.get(name, "")))
    yield sheet


async def _load(url: str, people: Population) -> None:
    database = open_database(Settings(database_url=url))
    await load(database, people)
    await database.close()


def _run(subject: str, size: int, url: str) -> Sample:
    command = [sys.executable, "-m", "benchmarks.preview", subject, str(size), url]
    sample: Sample = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return sample


class Started:
    """Counts from when it is made: time, and the processor time of this process with all its threads."""

    def __init__(self) -> None:
        self._at, self._cpu = perf_counter(), process_time()

    def spent(self) -> Sample:
        """How much has gone by since."""
        return {"seconds": perf_counter() - self._at, "CPU s": process_time() - self._cpu}


def by_numpy(people: Population) -> Sample:
    """Both rubrics over arrays that are in memory already."""
    start = Started()
    before, after = (_scores(people, np.array(points(version))) for version in (0, 1))
    return _found(start, before, after)


def _scores(people: Population, worth: Ints) -> Floats:
    faded = np.minimum(people.count, CAP) * np.exp2((people.day - today()) / HALF_LIFE)
    return np.bincount(people.partner, worth[people.signal] * faded, people.size).astype(np.float64)


def by_duckdb(people: Population, *, times: str) -> Sample:
    """Both rubrics over a table of its own in memory, on all cores; `times` says what a row is worth."""
    connection = duckdb.connect()
    rows = {"partner": people.partner, "signal": people.signal, "day": people.day, "count": people.count}
    connection.register("arrays", {name: column.astype(np.int32) for name, column in rows.items()})
    connection.execute("CREATE TABLE people AS SELECT * FROM arrays")
    sums = ", ".join(
        "sum(worth * (CASE signal "
        + " ".join(f"WHEN {signal} THEN {each}" for signal, each in enumerate(points(version)))
        + " END))"
        for version in (0, 1)
    )
    query = GROUP_BY.format(sums=sums, times=times, cap=CAP, today=today(), half_life=HALF_LIFE)
    start = Started()
    before, after = connection.execute(query).fetchnumpy().values()
    return _found(start, before.astype(np.float64), after.astype(np.float64))


def _found(start: Started, before: Floats, after: Floats) -> Sample:
    entering = (np.round(before, 6) < LEVEL) & (np.round(after, 6) >= LEVEL)
    return {**start.spent(), "would enter": int(entering.sum())}


async def by_handraiser(url: str) -> Sample:
    """The preview of the second rubric, to the result that would be kept."""
    database = open_database(Settings(database_url=url))
    start = Started()
    found = await database.read(lambda c: compare(c, Key(PROGRAM, 2, today())))
    spent = start.spent()
    await database.close()
    entering = found.result["entering"]["count"]
    return {**spent, "would enter": entering, "peak MiB": peak_mib()}


SUBJECTS: dict[str, Callable[[Population], Sample]] = {
    "DuckDB, the events": lambda people: by_duckdb(people.one_by_one(), times="count(*)"),
    "DuckDB, the tallies": lambda people: by_duckdb(people, times="sum(count)"),
    "NumPy, the tallies": by_numpy,
}


def main(subject: str, size: int, url: str) -> None:
    """Run once and tell."""
    found = asyncio.run(by_handraiser(url)) if url else SUBJECTS[subject](population(size))
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
