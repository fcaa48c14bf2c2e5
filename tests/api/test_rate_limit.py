"""The rate of a key: told in every answer, and 429 beyond it."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from tests.api.calls import client_of, is_problem, key_of
from tests.support.service import Service, running

Limited = tuple[Service, str, str]


@pytest.fixture
async def limited(sqlite_url: str) -> AsyncIterator[Limited]:
    """A service that allows a request in 100 seconds, and two keys; nothing of it is the database's."""
    async with running(sqlite_url) as free:
        first, second = await key_of(free, "acme"), await key_of(free, "acme")
    async with running(sqlite_url, rate_limit=0.01) as service:
        yield service, first, second


async def test_first_is_told_what_is_left(limited: Limited) -> None:
    service, key, _ = limited
    async with client_of(service, key) as client:
        answer = await client.get("/v1/partners")
    assert answer.status_code == 200
    assert answer.headers["ratelimit-policy"] == '"key";q=1;w=2'
    assert answer.headers["ratelimit"] == '"key";r=0;t=100'


async def test_second_must_wait(limited: Limited) -> None:
    service, key, _ = limited
    async with client_of(service, key) as client:
        _, answer = [await client.get("/v1/partners") for _ in range(2)]
    assert is_problem(answer, 429, "overloaded")
    assert 90 <= int(answer.headers["retry-after"]) <= 100
    assert answer.headers["ratelimit"].startswith('"key";r=0;t=')


async def test_each_key_has_its_own(limited: Limited) -> None:
    service, *keys = limited
    for key in keys:
        async with client_of(service, key) as client:
            assert (await client.get("/v1/partners")).status_code == 200


async def test_error_tells_it_too(limited: Limited) -> None:
    service, key, _ = limited
    async with client_of(service, key) as client:
        answer = await client.get("/v1/partners/none")
    assert is_problem(answer, 404, "not_found")
    assert answer.headers["ratelimit"] == '"key";r=0;t=100'


async def test_off_unless_set(client: httpx2.AsyncClient) -> None:
    assert "ratelimit" not in (await client.get("/v1/partners")).headers
