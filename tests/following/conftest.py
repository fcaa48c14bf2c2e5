"""A service of its own for each test, with a program whose rubric is active."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from tests.api.calls import activate
from tests.support.service import Service, running


@pytest.fixture
async def service(database_url: str) -> AsyncIterator[Service]:
    """A service whose streams let hear of themselves often."""
    async with running(database_url, stream_heartbeat=0.2) as started:
        yield started


@pytest.fixture
async def key(service: Service) -> str:
    """An admin key of the program `acme`."""
    key = await service.program()
    async with service.client(key) as client:
        await activate(client)
    return key


@pytest.fixture
async def client(service: Service, key: str) -> AsyncIterator[httpx2.AsyncClient]:
    """A client with that key."""
    async with service.client(key) as opened:
        yield opened
