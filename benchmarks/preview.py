"""A preview of 100,000 partners with 2 million tallies, beside the same arithmetic in bare NumPy."""

import asyncio
import json
import statistics
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter

import numpy as np
from rich.console import Console
from rich.table import Table

from app.db import open_database
from app.services.previewing import compare
from app.settings import Settings
from app.store.previews import Key
from benchmarks.databases import postgresql, sqlite
from benchmarks.population import HALF_LIFE, PER_PARTNER, PROGRAM, load, points, population, today

PARTNERS = 100_000
ROUNDS = 3

Run = dict[str, float]


def measure(scale: float) -> None:
    """Measure and print; each run is a process of its own, so that its peak memory is its own."""
    size = int(PARTNERS * scale)
    with ExitStack() as stack:
        urls = {"SQLite": stack.enter_context(sqlite()), "PostgreSQL": stack.enter_context(postgresql())}
        for url in urls.values():
            asyncio.run(_load(url, size))
        runs: dict[str, list[Run]] = {name: [] for name in ("bare NumPy", *urls)}
        for _ in range(ROUNDS):
            for name, some in runs.items():
                some.append(_run(size, urls.get(name, "")))
    _print(size, runs)


async def _load(url: str, size: int) -> None:
    database = open_database(Settings(database_url=url))
    await load(database, population(size))
    await database.close()


def _run(size: int, url: str) -> Run:
    command = [sys.executable, "-m", "benchmarks.preview", str(size), url]
    run: Run = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return run


def _print(size: int, runs: dict[str, list[Run]]) -> None:
    title = f"Preview of {size:,} partners with {size * PER_PARTNER:,} tallies, median of {ROUNDS}"
    table = Table("", "seconds", "least to most", "peak MiB", "would enter", title=title)
    for name, some in runs.items():
        seconds = sorted(run["seconds"] for run in some)
        table.add_row(
            name,
            f"{statistics.median(seconds):.2f}",
            f"{seconds[0]:.2f} to {seconds[-1]:.2f}",
            f"{statistics.median(run['peak'] for run in some):.0f}",
            f"{some[0]['entering']:,.0f}",
        )
    Console().print(table)


def bare(size: int) -> Run:
    """Both rubrics over arrays that are in memory already."""
    people = population(size)
    start = perf_counter()
    scores = []
    for version in (0, 1):
        worth = np.array(points(version))[people.signal] * np.minimum(people.count, 2)
        faded = worth * np.exp2((people.day - today()) / HALF_LIFE)
        scores.append(np.round(np.bincount(people.partner, faded, minlength=size), 6))
    entering = int(((scores[0] < 60) & (scores[1] >= 60)).sum())
    return {"seconds": perf_counter() - start, "entering": entering}


async def previewed(url: str) -> Run:
    """The preview of the second rubric, to the result that would be kept."""
    database = open_database(Settings(database_url=url))
    start = perf_counter()
    found = await database.read(lambda c: compare(c, Key(PROGRAM, 2, today())))
    seconds = perf_counter() - start
    await database.close()
    return {"seconds": seconds, "entering": found.result["entering"]["count"]}


def main(size: int, url: str) -> None:
    """Run once and tell."""
    run = asyncio.run(previewed(url)) if url else bare(size)
    print(json.dumps(run | {"peak": _peak_mib()}))


def _peak_mib() -> float:
    # Not getrusage: its peak includes that of the process which started this one.
    (line,) = (each for each in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in each)
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
