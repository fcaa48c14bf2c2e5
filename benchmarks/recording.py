"""Where the time of an event goes: groups are recorded in process, so all that HTTP costs is left out."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import islice, product
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from app import clock
from app.db import Database, open_database
from app.services.recording import record
from app.settings import Settings
from app.sources.event import NewEvent
from benchmarks.bodies import PARTNERS, events
from benchmarks.databases import postgresql, sqlite
from benchmarks.figures import Sample, Sheet
from benchmarks.run import Run
from benchmarks.servers import PROGRAM, handraiser

SIZES = (1, 8, 32, 1_000)
EVENTS = 8_000
"""Of each size and round."""

MOST_GROUPS = 400


def measure(run: Run) -> Iterator[Sheet]:
    """On both databases, of partners that are known."""
    sheet = Sheet("Recording a group of events, without HTTP", "CPU us/event")
    bodies = events()
    with ExitStack() as stack:
        urls = {"SQLite": stack.enter_context(sqlite()), "PostgreSQL": stack.enter_context(postgresql())}
        for url in urls.values():
            with handraiser(url):
                pass
            asyncio.run(_recorded(url, _groups(bodies, 1_000, PARTNERS)))
        for _, size, (name, url) in product(run.rounds, SIZES, urls.items()):
            groups = _groups(bodies, size, min(run.size(EVENTS), MOST_GROUPS * size))
            sheet.add(f"groups of {size:,}", name, asyncio.run(_recorded(url, groups)))
    yield sheet


def _groups(bodies: Iterator[bytes], size: int, number: int) -> list[list[NewEvent]]:
    return [
        [NewEvent.model_validate_json(each) for each in islice(bodies, size)]
        for _ in range(max(1, number // size))
    ]


async def _recorded(url: str, groups: Sequence[Sequence[NewEvent]]) -> Sample:
    """What recording them took, a transaction for each group."""
    database = open_database(Settings(database_url=url))
    await database.check()
    statements = _Statements()
    with statements:
        start, cpu = time.perf_counter(), time.process_time()
        await _record(database, groups)
        wall, used = time.perf_counter() - start, time.process_time() - cpu
    await database.close()
    number = sum(map(len, groups)) / 1e6
    return {
        "CPU us/event": used / number,
        "us/event": wall / number,
        "of it in statements": statements.seconds / number,
        "statements/group": statements.number / len(groups),
        "ms/group": wall / len(groups) * 1e3,
    }


async def _record(database: Database, groups: Sequence[Sequence[NewEvent]]) -> None:
    for group in groups:
        await database.write(partial(record, program=PROGRAM, events=group, now=clock.now()))


class _Statements:
    """Counts what is executed while it is entered, and how long that takes."""

    def __init__(self) -> None:
        self.number, self.seconds, self._start = 0, 0.0, 0.0
        self._heard = {"before_cursor_execute": self._begin, "after_cursor_execute": self._end}

    def __enter__(self) -> None:
        for name, hear in self._heard.items():
            event.listen(Engine, name, hear)

    def __exit__(self, *_: object) -> None:
        for name, hear in self._heard.items():
            event.remove(Engine, name, hear)

    def _begin(self, *_: Any) -> None:
        self._start = time.perf_counter()

    def _end(self, *_: Any) -> None:
        self.number += 1
        self.seconds += time.perf_counter() - self._start
