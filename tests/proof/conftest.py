"""A service of its own for each test, with a rubric active, and clients that speak to it."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from tests.proof.storm import prepare
from tests.support.service import Service


@pytest.fixture
async def key(service: Service) -> str:
    """An admin key of the program `acme`, whose rubric is active."""
    made = await service.program()
    async with service.client(made) as client:
        await prepare(client)
    return made


@pytest.fixture
async def client(service: Service, key: str) -> AsyncIterator[httpx2.AsyncClient]:
    """A client with that key."""
    async with service.client(key) as opened:
        yield opened
