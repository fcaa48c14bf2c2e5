"""What an event costs as the ledger grows: the same load on ledgers that hold ten thousand to ten million."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import product

from benchmarks.bodies import events
from benchmarks.databases import database, postgres, row_bytes
from benchmarks.figures import Sheet
from benchmarks.filling import fill
from benchmarks.run import Run
from benchmarks.servers import handraiser
from benchmarks.target import Target

SIZES = (10_000, 1_000_000, 10_000_000)
SECONDS = 6.0
SHAPES = ((1, 32), (1_000, 4))
"""Events to a body, connections."""

TABLES = ("event", "tally", "contact_tally", "standing")


def measure(run: Run) -> Iterator[Sheet]:
    """Single events and batches, on PostgreSQL; filling the largest takes minutes."""
    sizes = [run.size(size) for size in SIZES]
    sheet = Sheet("Cost of an event as the ledger grows, PostgreSQL", "us/event", (_name(sizes[0]),))
    space = Sheet(f"Space, indexes included, {_name(sizes[-1])}, PostgreSQL", "bytes/row")
    with ExitStack() as stack:
        server = stack.enter_context(postgres())
        urls = {size: database(server) for size in sizes}
        targets = {size: stack.enter_context(_filled(urls[size], size)) for size in sizes}
        for some in targets.values():
            some[-1].post(seconds=run.seconds(2), connections=4)
        for _, nth, size in product(run.rounds, range(len(SHAPES)), sizes):
            batch, connections = SHAPES[nth]
            found = targets[size][nth].post(seconds=run.seconds(SECONDS), connections=connections)
            case = f"{batch:,} to a body, {connections} connections"
            sheet.add(case, _name(size), {"us/event": 1e6 / found["events/s"], **found})
        for table in TABLES:
            space.add("", table, row_bytes(urls[sizes[-1]], table))
    yield from (sheet, space)


@contextmanager
def _filled(url: str, size: int) -> Iterator[list[Target]]:
    """A service whose ledger has grown while it ran."""
    with handraiser(url) as server:
        fill(url, size)
        yield [Target(_name(size), server, events(batch), batch) for batch, _ in SHAPES]


def _name(size: int) -> str:
    return f"{size:,} events"
