"""`make bench`: acknowledged events per second beside a bare echo, three interleaved rounds."""

import asyncio
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from rich.console import Console
from rich.table import Table

from app.migrate import upgrade
from benchmarks.load import Load, events, post
from benchmarks.servers import echo, handraiser
from tests.support.postgres import postgres_server

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

    def measure(self, bodies: Iterator[bytes], connections: int) -> Load:
        """Post for a while."""
        headers = {"content-type": "application/json", "authorization": f"Bearer {self.key}"}
        return asyncio.run(post(self.url, bodies, seconds=SECONDS, connections=connections, headers=headers))


def main() -> None:
    """Measure and print."""
    with ExitStack() as stack:
        targets = [
            Target("echo", f"{stack.enter_context(echo())}/"),
            stack.enter_context(_service("SQLite", stack.enter_context(_sqlite()))),
            stack.enter_context(_service("PostgreSQL", stack.enter_context(_postgresql()))),
        ]
        _print(_measured(targets))


@contextmanager
def _service(name: str, database_url: str) -> Iterator[Target]:
    with handraiser(database_url) as (url, key):
        yield Target(name, f"{url}/v1/events", key)


@contextmanager
def _sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{Path(folder) / 'bench.db'}"


@contextmanager
def _postgresql() -> Iterator[str]:
    # Durable: what is measured is the price of an acknowledgement that is true.
    with postgres_server(durable=True) as server:
        url = server.create("bench")
        upgrade(url)
        yield url


Rounds = dict[tuple[int, int, str], list[Load]]


def _measured(targets: list[Target]) -> Rounds:
    rounds: Rounds = {}
    feeds = {(target.name, batch): events(batch) for target in targets for batch, _ in SHAPES}
    for _, (batch, connections), target in product(range(ROUNDS), SHAPES, targets):
        load = target.measure(feeds[target.name, batch], connections)
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


if __name__ == "__main__":
    main()
