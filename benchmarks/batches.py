"""Batches of events, beside COPY and executemany into the same ledger in commits of a thousand rows."""

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import product

from benchmarks.bodies import JSON, NDJSON, events
from benchmarks.databases import database, postgres, sqlite
from benchmarks.figures import Sheet
from benchmarks.loading import copied, executed
from benchmarks.run import Run
from benchmarks.servers import Server, handraiser
from benchmarks.target import Target

SHAPES = ((10, JSON), (100, JSON), (1_000, JSON), (1_000, NDJSON))
QUICK = ((1_000, JSON),)
CONNECTIONS = 4
SECONDS = 4.0
COPY, EXECUTEMANY = "COPY, 1,000 rows", "executemany, 1,000 rows"


def measure(run: Run) -> Iterator[Sheet]:
    """By JSON and NDJSON, on both databases."""
    shapes = QUICK if run.quick else SHAPES
    sheet = Sheet(f"Batches, {CONNECTIONS} connections", "events/s", (COPY, EXECUTEMANY))
    with ExitStack() as stack:
        server = stack.enter_context(postgres())
        bare = {"SQLite": stack.enter_context(sqlite()), "PostgreSQL": database(server)}
        targets = {
            "SQLite": _targets(stack.enter_context(handraiser(stack.enter_context(sqlite())))),
            "PostgreSQL": _targets(stack.enter_context(handraiser(database(server)))),
        }
        seconds = run.seconds(SECONDS)
        for some in targets.values():
            some[SHAPES[-1]].post(seconds=run.seconds(1), connections=CONNECTIONS)
        for _, (name, some), shape in product(run.rounds, targets.items(), shapes):
            case = f"{name}, {shape[0]:,} as {'NDJSON' if shape[1] == NDJSON else 'JSON'}"
            if name == "SQLite":
                sheet.add(case, EXECUTEMANY, {"events/s": executed(bare[name], seconds)})
            else:
                sheet.add(case, COPY, {"events/s": copied(bare[name], seconds)})
            sheet.add(case, "Handraiser", some[shape].post(seconds=seconds, connections=CONNECTIONS))
    yield sheet


def _targets(server: Server) -> dict[tuple[int, str], Target]:
    return {
        shape: Target("Handraiser", server, events(shape[0], content_type=shape[1]), *shape)
        for shape in SHAPES
    }
