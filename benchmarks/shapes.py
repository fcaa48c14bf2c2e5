"""What moves the rate of one service: to whom the events are, how many rules, how many processes."""

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import product

from benchmarks.bodies import events
from benchmarks.databases import database, postgres
from benchmarks.figures import Sheet
from benchmarks.rubrics import of_rules
from benchmarks.run import Run
from benchmarks.servers import RUBRIC, handraiser
from benchmarks.target import Target

PLAIN = "example rubric, spread, 1 process"
SERVICES = {
    PLAIN: (RUBRIC, 1),
    "3 rules": (of_rules(3), 1),
    "50 rules": (of_rules(50), 1),
    "2 processes": (RUBRIC, 2),
}
SHAPES = ((1, 32), (1_000, 4))
"""Events to a body, connections."""

SECONDS = 4.0


def measure(run: Run) -> Iterator[Sheet]:
    """Single events and batches, on PostgreSQL."""
    sheet = Sheet("What moves the rate, PostgreSQL", "events/s", (PLAIN,))
    with ExitStack() as stack:
        postgresql = stack.enter_context(postgres())
        servers = {
            name: stack.enter_context(handraiser(database(postgresql), rubric=rubric, workers=workers))
            for name, (rubric, workers) in SERVICES.items()
        }
        targets = [
            Target(name, server, events(batch), batch)
            for batch, _ in SHAPES
            for name, server in servers.items()
        ]
        targets += [
            Target("all to one partner", servers[PLAIN], events(batch, partners=1), batch)
            for batch, _ in SHAPES
        ]
        connections = dict(SHAPES)
        for target in targets:
            target.post(seconds=run.seconds(1), connections=4)
        for _, target in product(run.rounds, targets):
            found = target.post(seconds=run.seconds(SECONDS), connections=connections[target.batch])
            sheet.add(f"{target.batch:,} to a body", target.name, found)
    yield sheet
