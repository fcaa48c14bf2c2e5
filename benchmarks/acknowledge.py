"""Single events, acknowledged when they are durable and scored, beside a bare echo and the obvious build."""

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import product

from benchmarks.databases import database, postgres, sqlite
from benchmarks.figures import Sheet
from benchmarks.pgbench import transactions
from benchmarks.run import Run
from benchmarks.servers import echo, handraiser, obvious
from benchmarks.target import Target

CONNECTIONS = (1, 8, 32, 128)
SOME = 32
"""Connections of the quick run, of the warm-up, and of the maximum that the open loop offers half of."""

SECONDS = 4.0


def measure(run: Run) -> Iterator[Sheet]:
    """At several numbers of connections, then an open loop at half of the maximum."""
    most = Sheet("Single events, acknowledged", "events/s", ("bare echo", "pgbench", "obvious build"))
    half = Sheet(f"Single events, half of the maximum of {SOME} connections, open loop", "p99 ms")
    with ExitStack() as stack:
        server = stack.enter_context(postgres())
        bare, kept, filed = database(server), database(server), stack.enter_context(sqlite())
        targets = [
            Target("bare echo", stack.enter_context(echo())),
            Target("obvious build", stack.enter_context(obvious(server.create("obvious")))),
            Target("SQLite", stack.enter_context(handraiser(filed))),
            Target("PostgreSQL", stack.enter_context(handraiser(kept))),
        ]
        for target in targets:
            target.post(seconds=run.seconds(1), connections=SOME)
        for _, connections in product(run.rounds, (SOME,) if run.quick else CONNECTIONS):
            _compare(most, targets, bare, connections, seconds=run.seconds(SECONDS))
            if connections == SOME:
                _halve(half, most, targets, seconds=run.seconds(SECONDS))
        targets[-1].check(kept)
    yield from (most, half)


def _compare(sheet: Sheet, targets: list[Target], bare: str, connections: int, *, seconds: float) -> None:
    case = _case(connections)
    rate = transactions(bare, clients=connections, seconds=seconds)
    if rate is not None:
        sheet.add(case, "pgbench", {"events/s": rate})
    for target in targets:
        sheet.add(case, target.name, target.post(seconds=seconds, connections=connections))


def _halve(sheet: Sheet, most: Sheet, targets: list[Target], *, seconds: float) -> None:
    for target in targets:
        row = most.row(_case(SOME), target.name)
        rate = row.rounds[-1]["events/s"] / 2 if row else 0
        sheet.add(_case(SOME), target.name, target.post_at(rate, seconds=seconds, connections=SOME))


def _case(connections: int) -> str:
    return f"{connections} connection{'s' if connections > 1 else ''}"
