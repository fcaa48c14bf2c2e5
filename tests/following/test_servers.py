"""Servers as they are run, two on one PostgreSQL: whoever follows sees every move once and in order."""

import asyncio
import random
import re
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import cycle

import httpx2
import pytest
from sqlalchemy import select

from app.cli.serving import GRACE_SECONDS
from app.db import open_database
from app.models import handoff_moves
from tests.api.calls import activate, raise_hand, until
from tests.support.server import Server, serving
from tests.support.service import Service, settings_for
from tests.support.sse import PATH, streaming

PARTNERS = 12
ROUNDS = 4
EVENTS = PARTNERS * (1 + 3 * ROUNDS)
NOTES = 150
"""With 2,000 letters each, and each with all before it: more than any system buffers."""
EVENT = rb"data: .*\nid: (\d+)\n\n"


@pytest.fixture
async def servers(database_url: str) -> AsyncIterator[list[Server]]:
    """Two processes on PostgreSQL, one on SQLite."""
    count = 1 if database_url.startswith("sqlite") else 2
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(serving(database_url)) for _ in range(count)]


@pytest.fixture
async def clients(servers: list[Server], database_url: str) -> AsyncIterator[list[httpx2.AsyncClient]]:
    """A client of each, with a key of a program whose rubric is active."""
    key = await Service(servers[0].url, settings_for(database_url)).program()
    async with AsyncExitStack() as stack:
        made = [await stack.enter_async_context(server.client(key)) for server in servers]
        await activate(made[0])
        yield made


async def work(clients: list[httpx2.AsyncClient]) -> None:
    """Everybody raises a hand, and is claimed, spoken of and released again and again, at all servers."""

    async def one(partner: int) -> None:
        servers = cycle(clients[partner % len(clients) :] + clients[: partner % len(clients)])
        handoff = await raise_hand(next(servers), f"p{partner}")
        for _ in range(ROUNDS):
            for move, form in (("claim", {"by": "rep"}), ("notes", {"note": "rang"}), ("release", {})):
                answer = await next(servers).post(f"/v1/handoffs/{handoff}/{move}", json=form)
                answer.raise_for_status()

    await asyncio.gather(*(one(partner) for partner in range(PARTNERS)))


async def history(database_url: str) -> list[int]:
    """The position of every move there was."""
    database = open_database(settings_for(database_url))
    query = select(handoff_moves.c.position).order_by(handoff_moves.c.position)
    found = await database.read(lambda c: list(c.scalars(query)))
    await database.close()
    return found


async def test_every_move_once_and_in_order(database_url: str, clients: list[httpx2.AsyncClient]) -> None:
    async with AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(streaming(client)) for client in clients * 3]
        working = asyncio.create_task(work(clients))
        told = await asyncio.gather(*(stream.events(EVENTS) for stream in streams))
        await working
    moves = await history(database_url)
    assert len(moves) == EVENTS
    for events in told:
        assert [each.id for each in events] == moves


async def test_resumed_after_any_event_at_any_server(
    database_url: str, clients: list[httpx2.AsyncClient]
) -> None:
    async def follow(dice: random.Random) -> list[int]:
        found: list[int] = []
        after = 0
        while len(found) < EVENTS:
            async with streaming(dice.choice(clients), after=after) as stream:
                some = min(dice.randint(0, 20), EVENTS - len(found))
                found += [each.id for each in await stream.events(some)]
                after = stream.last_id or after
        return found

    working = asyncio.create_task(work(clients))
    told = await asyncio.gather(*(follow(random.Random(seed)) for seed in range(5)))
    await working
    moves = await history(database_url)
    assert told == [moves] * 5


async def test_a_server_that_stops_ends_its_streams_and_says_when_to_come_back(
    servers: list[Server], clients: list[httpx2.AsyncClient]
) -> None:
    async with AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(streaming(clients[0])) for _ in range(20)]
        async with asyncio.timeout(GRACE_SECONDS / 2):
            stopping = asyncio.create_task(servers[0].stop())
            for stream in streams:
                assert "retry" in (await stream.block()).fields
                with pytest.raises(StopAsyncIteration):
                    await stream.block()
            await stopping


async def test_a_client_that_takes_nothing_is_cut_off_and_goes_on_where_it_was(database_url: str) -> None:
    async with serving(database_url, STREAM_HEARTBEAT="0.3", STREAM_LIMIT="1") as server:
        key = await Service(server.url, settings_for(database_url)).program()
        async with server.client(key) as client:
            await activate(client)
            handoff = await raise_hand(client)

            async def has_given_up() -> bool:
                async with client.stream("GET", PATH) as answer:
                    return answer.status_code == 200

            async with idle(server.port, key) as reader:
                for _ in range(NOTES):
                    form = {"note": "x" * 2_000}
                    (await client.post(f"/v1/handoffs/{handoff}/notes", json=form)).raise_for_status()
                await until(has_given_up)
                found = [int(id_) for id_ in re.findall(EVENT, await reader.read())]
            assert 0 < len(found) < NOTES
            async with streaming(client, after=found[-1]) as stream:
                found += [each.id for each in await stream.events(NOTES - len(found))]
    assert found == (await history(database_url))[1:]


@asynccontextmanager
async def idle(port: int, key: str) -> AsyncIterator[asyncio.StreamReader]:
    """A client that asks for the stream, and then does not read what it is sent."""
    with_little_room = socket.socket()
    with_little_room.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    with_little_room.connect(("127.0.0.1", port))
    reader, writer = await asyncio.open_connection(sock=with_little_room, limit=4_096)
    writer.write(f"GET {PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n\r\n".encode())
    await reader.readuntil(b"retry: ")
    yield reader
    writer.close()
    await writer.wait_closed()
