"""Columns read in bulk are the rows that are there, on both databases."""

import asyncio
from collections.abc import Iterator

import pytest

from app import store
from app.db import T, Work, open_database
from tests.support.play import Run
from tests.support.service import settings_for

LEAST, MOST = -(2**63), 2**63 - 1
ROWS = [("p1", LEAST, -1, 1), ("p1", MOST, 20_000, 2), ("p2", 0, 0, 2**31 - 1), ("p3", 7, 7, 7)]


@pytest.fixture
def run(database_url: str) -> Iterator[Run]:
    """Work on a database that has the tallies of ROWS."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        database = open_database(settings_for(database_url))

        def run_(work: Work[T]) -> T:
            return runner.run(database.write(work))

        run_(lambda c: store.tallies.add(c, "acme", ROWS))
        yield run_
        runner.run(database.close())


def arrays(run: Run, partners: list[str]) -> list[tuple[int, ...]]:
    """Rows of the arrays, sorted."""
    found = run(lambda c: store.tallies.arrays_of(c, "acme", partners))
    columns = (found.partner, found.signal, found.day, found.count)
    return sorted(zip(*(column.tolist() for column in columns), strict=True))


def test_every_value_by_the_partner_s_place(run: Run) -> None:
    """Shown to fail by columns of 32 bits, and by two columns in different orders."""
    assert arrays(run, ["p2", "p1"]) == [
        (0, 0, 0, 2**31 - 1),
        (1, LEAST, -1, 1),
        (1, MOST, 20_000, 2),
    ]


@pytest.mark.parametrize("partners", [[], ["nobody"]], ids=["no partner", "no tally"])
def test_nothing(run: Run, partners: list[str]) -> None:
    assert arrays(run, partners) == []
