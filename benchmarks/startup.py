"""From starting the command to the first connection that it takes, and what it has in memory then."""

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import product

from benchmarks.databases import postgresql, sqlite
from benchmarks.figures import Sheet
from benchmarks.machine import memory_mib
from benchmarks.run import Run
from benchmarks.servers import echo, handraiser

BARE = "bare echo"


def measure(run: Run) -> Iterator[Sheet]:
    """On both databases, whose schema is current."""
    sheet = Sheet("Start", "seconds", (BARE,))
    with ExitStack() as stack:
        urls = {
            BARE: "",
            "SQLite": stack.enter_context(sqlite()),
            "PostgreSQL": stack.enter_context(postgresql()),
        }
        for _, (name, url) in product(run.rounds, urls.items()):
            with handraiser(url) if url else echo() as server:
                sheet.add("", name, {"seconds": server.started_in, "MiB": memory_mib(server.pid)})
    yield sheet
