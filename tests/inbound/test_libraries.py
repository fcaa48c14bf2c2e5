"""The platforms' own libraries against a server that is killed in mid-stream: nothing is lost or doubled."""

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent
from segment.analytics.client import Client

from app import clock
from tests.api.calls import Json, activate, every, until
from tests.inbound.platforms import SECRETS, connect
from tests.support.server import Server
from tests.support.service import Service, settings_for

CALLS = 300


@pytest.fixture
async def server(database_url: str) -> AsyncIterator[Server]:
    """A server to be killed."""
    started = Server(database_url)
    await started.start()
    yield started
    await started.stop()


@pytest.fixture
async def client(server: Server, database_url: str) -> AsyncIterator[httpx2.AsyncClient]:
    async with server.client(await Service(server.url, settings_for(database_url)).program()) as opened:
        await activate(opened)
        yield opened


async def kept(client: httpx2.AsyncClient, source: Json) -> list[str]:
    return [each["id"] for each in await every(client, "/v1/events", source=source["id"], limit=200)]


async def test_segments_library(server: Server, client: httpx2.AsyncClient) -> None:
    source = await connect(client, "segment")
    faults: list[object] = []
    library = Client(
        SECRETS["segment"],
        host=f"{server.url}/in/{source['key']}",
        gzip=True,
        upload_size=10,
        upload_interval=0.01,
        on_error=lambda error, items: faults.append(error),
    )
    sent = [_track(library, n) for n in range(CALLS // 3)]
    await until(lambda: _some(client, source))
    await server.kill()
    sent += [_track(library, n) for n in range(CALLS // 3, CALLS)]
    await server.start()
    await asyncio.to_thread(library.shutdown)
    assert faults == []
    assert sorted(await kept(client, source)) == sorted(sent)


async def _some(client: httpx2.AsyncClient, source: Json) -> bool:
    return bool(await kept(client, source))


def _track(library: Client, n: int) -> str:
    id_ = f"m-{n}"
    taken, _ = library.track(f"u-{n}", "Email Opened", message_id=id_, context={"groupId": "acme"})
    assert taken
    return id_


async def test_cloudevents_library(server: Server, client: httpx2.AsyncClient) -> None:
    """The library makes requests; whoever sends them repeats what was not answered."""
    source = await connect(client, "cloudevents")
    restart: asyncio.Task[None] | None = None
    for n in range(60):
        message = (to_binary_event if n % 2 else to_structured_event)(_event(n))
        if n == 30:
            await server.kill()
            restart = asyncio.create_task(server.start())
        await _insist(server, source, dict(message.headers), message.body)
    assert restart is not None
    await restart
    assert sorted(await kept(client, source)) == sorted(f"/prm|{n}" for n in range(60))


def _event(n: int) -> CloudEvent:
    attributes = {"id": str(n), "source": "/prm", "type": "deal.registered", "specversion": "1.0"}
    extensions = {"time": clock.now(), "partnerid": "acme", "datacontenttype": "application/json"}
    return CloudEvent(attributes | extensions, {"deal": n})


async def _insist(server: Server, source: Json, headers: dict[str, str], body: bytes) -> None:
    headers |= {"authorization": f"Bearer {SECRETS['cloudevents']}"}
    async with httpx2.AsyncClient(trust_env=False, headers=headers) as sender:
        for _ in range(2):  # an answer may get lost as well
            await until(lambda: _is_taken(sender, f"{server.url}/in/{source['key']}", body))


async def _is_taken(sender: httpx2.AsyncClient, url: str, body: bytes) -> bool:
    try:
        return (await sender.post(url, content=body)).status_code == 202
    except httpx2.TransportError:
        return False
