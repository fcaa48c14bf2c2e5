"""Acknowledged events per second beside a bare echo, three interleaved rounds."""

import asyncio
import statistics
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import product

from rich.console import Console
from rich.table import Table

from benchmarks.databases import postgresql, sqlite
from benchmarks.load import Load, events, post
from benchmarks.servers import echo, handraiser

ROUNDS = 3
SECONDS = 4.0
SHAPES = ((1, 1), (1, 32), (1, 128), (100, 4), (1000, 4))
"""Events in a request, connections."""


@dataclass(frozen=True)
class Target:
    """Something to post events to."""

    name: str
    url: str
    key: str = ""

    def measure(self, bodies: Iterator[bytes], connections: int, *, seconds: float) -> Load:
        """Post for a while."""
        headers = {"content-type": "application/json", "authorization": f"Bearer {self.key}"}
        return asyncio.run(post(self.url, bodies, seconds=seconds, connections=connections, headers=headers))


def measure(scale: float) -> None:
    """Measure and print."""
    with ExitStack() as stack:
        targets = [
            Target("echo", f"{stack.enter_context(echo())}/"),
            stack.enter_context(_service("SQLite", stack.enter_context(sqlite()))),
            stack.enter_context(_service("PostgreSQL", stack.enter_context(postgresql()))),
        ]
        _print(_measured(targets, seconds=SECONDS * scale))


@contextmanager
def _service(name: str, database_url: str) -> Iterator[Target]:
    with handraiser(database_url) as (url, key):
        yield Target(name, f"{url}/v1/events", key)


Rounds = dict[tuple[int, int, str], list[Load]]


def _measured(targets: list[Target], *, seconds: float) -> Rounds:
    rounds: Rounds = {}
    feeds = {(target.name, batch): events(batch) for target in targets for batch, _ in SHAPES}
    for _, (batch, connections), target in product(range(ROUNDS), SHAPES, targets):
        load = target.measure(feeds[target.name, batch], connections, seconds=seconds)
        rounds.setdefault((batch, connections, target.name), []).append(load)
    return rounds


def _print(rounds: Rounds) -> None:
    table = Table("batch", "connections", "to", "events/s", "least to most", "p50 ms", "p99 ms", "of echo")
    for (batch, connections, name), loads in rounds.items():
        rates = sorted(load.per_second * batch for load in loads)
        bare = [load.per_second * batch for load in rounds[batch, connections, "echo"]]
        ratio = statistics.median(
            rate / base for rate, base in zip((load.per_second * batch for load in loads), bare, strict=True)
        )
        table.add_row(
            str(batch),
            str(connections),
            name,
            f"{statistics.median(rates):,.0f}",
            f"{rates[0]:,.0f} to {rates[-1]:,.0f}",
            f"{statistics.median(load.p50 for load in loads) * 1000:.1f}",
            f"{statistics.median(load.p99 for load in loads) * 1000:.1f}",
            f"{ratio:.3f}",
        )
    Console().print(table)
