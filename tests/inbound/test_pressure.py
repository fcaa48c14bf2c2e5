"""A database that is locked, slow or away: platforms are answered in time, and nothing is lost or doubled."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from tests.api.calls import Json, activate, every, is_problem, until
from tests.inbound.platforms import Post, connect, deliver, of_json, send
from tests.support.cable import Cable
from tests.support.service import Service, running

# Zoom hangs up after three seconds; the rest is for a busy machine. SQLite alone would wait for fifteen.
IN_TIME = 8

CALL: Json = {"type": "track", "event": "Email Opened", "userId": "u-1", "messageId": "m-1"}
CALL |= {"context": {"groupId": "acme"}}
POST = of_json("segment", {"batch": [CALL]}, "/v1/batch")


@asynccontextmanager
async def locked(database_url: str, table: str) -> AsyncIterator[None]:
    """A table that nobody else may write to; on SQLite, all of them."""
    if database_url.startswith("sqlite"):
        connection = sqlite3.connect(make_url(database_url).database or "", isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.close()
        return
    engine = create_async_engine(make_url(database_url).set(drivername="postgresql+asyncpg"))
    async with engine.connect() as holder:
        await holder.execute(text(f"LOCK TABLE {table} IN EXCLUSIVE MODE"))
        yield
    await engine.dispose()


@pytest.fixture
async def service(database_url: str) -> AsyncIterator[Service]:
    """A service that holds one request at a time."""
    async with running(database_url, inbox_limit=1) as started:
        yield started


@pytest.fixture
async def client(client: httpx2.AsyncClient) -> httpx2.AsyncClient:
    await activate(client)
    return client


async def in_time(service: Service, source: Json, post: Post = POST) -> httpx2.Response:
    async with asyncio.timeout(IN_TIME):
        return await deliver(service, source, post)


async def ids(client: httpx2.AsyncClient) -> list[str]:
    return [each["id"] for each in await every(client, "/v1/events")]


async def counted(client: httpx2.AsyncClient) -> bool:
    return await ids(client) == ["m-1"]


async def test_locked_database(service: Service, client: httpx2.AsyncClient, database_url: str) -> None:
    """The platform is to come again, as the request may be lost; but it is kept as soon as that can be."""
    source = await connect(client, "segment")
    async with locked(database_url, "source_request"):
        answer = await in_time(service, source)
        assert is_problem(answer, 429, "overloaded")
        assert int(answer.headers["retry-after"]) > 0
    await until(lambda: counted(client))
    assert (await in_time(service, source)).status_code == 200
    assert await ids(client) == ["m-1"]


async def test_too_many_at_once(service: Service, client: httpx2.AsyncClient, database_url: str) -> None:
    source = await connect(client, "segment")
    async with locked(database_url, "event"):
        await in_time(service, source)
        answer = await in_time(service, source)
        assert is_problem(answer, 429, "overloaded")
        assert int(answer.headers["retry-after"]) > 0
    await until(lambda: counted(client))


async def test_unverified_while_locked(
    service: Service, client: httpx2.AsyncClient, database_url: str
) -> None:
    source = await connect(client, "segment")
    async with locked(database_url, "source"), asyncio.timeout(IN_TIME):
        assert (await send(service, source, POST)).status_code in {401, 429}


async def test_kept_but_slow_to_take(postgresql_url: str) -> None:
    """SQLite has one lock for all, so what it has kept it can take."""
    async with running(postgresql_url) as service, service.client(await service.program()) as client:
        await activate(client)
        source = await connect(client, "segment")
        async with locked(postgresql_url, "event"):
            answer = await in_time(service, source)
            assert (answer.status_code, answer.json()) == (200, {"success": True})
            (kept,) = await every(client, f"/v1/sources/{source['id']}/requests")
            assert (kept["status"], kept["events"]) == ("received", 0)
        await until(lambda: counted(client))
        (kept,) = await every(client, f"/v1/sources/{source['id']}/requests")
        assert (kept["status"], kept["events"], kept["tries"]) == ("taken", 1, 1)


async def test_stop_while_locked(postgresql_url: str) -> None:
    """A stop does not wait for whoever holds the database, and what is kept can be taken afterwards."""
    async with (
        locked(postgresql_url, "event"),
        asyncio.timeout(3 * IN_TIME),
        running(postgresql_url) as service,
        service.client(await service.program()) as client,
    ):
        await activate(client)
        source = await connect(client, "segment")
        assert (await in_time(service, source)).status_code == 200
    async with running(postgresql_url) as service, service.client(await service.program()) as client:
        (kept,) = await every(client, f"/v1/sources/{source['id']}/requests")
        assert kept["status"] == "received"
        retried = await client.post(f"/v1/sources/{source['id']}/requests/1/retry")
        assert retried.json()["status"] == "taken"
        assert await counted(client)


@pytest.mark.parametrize("method", ["POST", "GET", "HEAD", "OPTIONS"])
async def test_database_that_says_nothing(postgresql_url: str, method: str) -> None:
    async with Cable(postgresql_url) as cable, running(cable.url) as service:
        async with service.client(await service.program()) as client:
            source = await connect(client, "segment")
        cable.cut()
        async with asyncio.timeout(IN_TIME):
            answer = await send(service, source, Post(b"{}", method=method))
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")
        cable.mend()
