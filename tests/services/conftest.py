"""A program to play, on a database of each kind, which must equal its rebuild when the test ends."""

import asyncio
from collections.abc import Iterator

import pytest

from app.db import T, Work, open_database
from app.settings import Settings
from tests.support.play import Play


@pytest.fixture
def faulty(database_url: str) -> Iterator[Play]:
    """A program whose caches the test may spoil."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        database = open_database(Settings(database_url=database_url))

        def run(work: Work[T]) -> T:
            return runner.run(database.write(work))

        yield Play(run)
        runner.run(database.close())


@pytest.fixture
def play(faulty: Play) -> Iterator[Play]:
    """A program with SIMPLE active; rebuilding it from the ledger at the end changes nothing."""
    faulty.activate()
    yield faulty
    assert faulty.differences() == []
