"""A database with a program and a way to owe it deliveries, and a receiver."""

from collections.abc import AsyncIterator

import pytest

from app.db import Database, open_database
from app.settings import Settings
from app.signatures.keys import new_secret
from tests.delivery.owing import add_program
from tests.support.receiver import Receiver


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A database with the program `acme`."""
    opened = open_database(Settings(database_url=database_url))
    await opened.write(add_program)
    yield opened
    await opened.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver with a secret of its own."""
    async with Receiver(new_secret()) as listening:
        yield listening
