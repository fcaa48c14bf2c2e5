"""SIGKILL in mid-load: nothing acknowledged is lost, nothing is counted twice, and calls arrive."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from app import clock
from app.migrate import upgrade
from tests.proof.accounting import BALANCED
from tests.proof.campaign import Campaign, stored_ids
from tests.proof.storm import Storm, everything, prepare
from tests.support.postgres import Postgres, postgres_server
from tests.support.receiver import Receiver
from tests.support.server import Server, handraiser
from tests.support.service import Service, running, settings_for

DELIVERY = {"WEBHOOK_TIMEOUT": "1", "WEBHOOK_LEASE": "8", "WEBHOOK_RETRY_SCHEDULE": "0,0.2,0.5,1,1,2,2,2,2,2"}

Note = Callable[[str, object], None]


@pytest.fixture(scope="module")
def durable() -> Iterator[Postgres]:
    """A PostgreSQL that keeps what it acknowledged."""
    with postgres_server(durable=True) as server:
        yield server


@pytest.fixture
def durable_postgresql(durable: Postgres) -> str:
    """A database on it."""
    url = durable.create(f"durable_{uuid4().hex}")
    upgrade(url)
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def durable_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each kind that keeps what it acknowledged."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'handraiser.db'}"
    url: str = request.getfixturevalue("durable_postgresql")
    return url


@pytest.fixture
async def server(durable_url: str) -> AsyncIterator[Server]:
    """A server to be killed."""
    started = Server(durable_url, DELIVERY)
    await started.start()
    yield started
    await started.stop()


async def test_the_server_is_killed(server: Server, durable_url: str, record_property: Note) -> None:
    key = await Service(server.url, settings_for(durable_url)).program()

    async def kill() -> None:
        await server.kill()
        await server.start()

    async with Receiver("") as receiver:
        async with server.client(key) as client:
            await set_up(client, receiver)
        campaign = Campaign(lambda: server.client(key), kill, Storm(seed=3))
        await campaign.runs()
        async with server.client(key) as client:
            await nothing_is_lost(campaign, client, durable_url)
            await every_call_arrives(client, receiver)
    record_property("recovered", len(campaign.account.recovered))


async def test_the_database_is_killed(
    durable: Postgres, durable_postgresql: str, record_property: Note
) -> None:
    """The service says 503 and when to try again, and goes on by itself."""
    assert durable.cluster
    cluster = durable.cluster

    async def kill() -> None:
        cluster.crash()
        await asyncio.sleep(0.3)
        await cluster.start()

    async with running(durable_postgresql) as service, Receiver("") as receiver:
        key = await service.program()
        async with service.client(key) as client:
            await set_up(client, receiver)
            campaign = Campaign(lambda: service.client(key), kill, Storm(seed=4))
            await campaign.runs()
            assert {answer.status_code for answer in campaign.refusals} == {503}
            assert all(int(answer.headers["retry-after"]) > 0 for answer in campaign.refusals)
            await nothing_is_lost(campaign, client, durable_postgresql)
            await every_call_arrives(client, receiver)
    record_property("recovered", len(campaign.account.recovered))


async def test_ready_follows_the_database(durable: Postgres, durable_postgresql: str) -> None:
    assert durable.cluster
    async with running(durable_postgresql) as service, service.client(await service.program()) as client:
        paths = ("/readyz", "/healthz", "/v1/partners")
        assert [(await client.get(path)).status_code for path in paths] == [200, 200, 200]
        durable.cluster.crash()
        assert [(await client.get(path)).status_code for path in paths] == [503, 200, 503]
        await durable.cluster.start()
        assert [(await client.get(path)).status_code for path in paths] == [200, 200, 200]


async def set_up(client: httpx2.AsyncClient, receiver: Receiver) -> None:
    """A rubric, partners with their domains, and a webhook to the receiver."""
    await prepare(client)
    partners: list[dict[str, Any]] = [{"id": f"p{n}", "domains": [f"firm{n}.example"]} for n in range(30)]
    (await client.post("/v1/partners/batch", json=partners)).raise_for_status()
    hook = {"url": receiver.url, "types": ["handoff.opened"]}
    receiver.secret = (await client.post("/v1/webhooks", json=hook)).json()["secret"]


async def nothing_is_lost(campaign: Campaign, client: httpx2.AsyncClient, url: str) -> None:
    """The account balances, the scores are the oracle's, and the service's own check agrees."""
    assert campaign.account.acknowledged == campaign.storm.events.keys()
    assert campaign.account.balance(await stored_ids(url)) == BALANCED
    scores = {each["id"]: each["score"] for each in await everything(client, "/v1/partners")}
    assert scores == pytest.approx(campaign.storm.expected(clock.now()), abs=1.1e-6)
    checked = await asyncio.to_thread(handraiser, url, "verify")
    assert checked.returncode == 0, checked.stdout


async def every_call_arrives(client: httpx2.AsyncClient, receiver: Receiver) -> None:
    """Each hand-off reaches the receiver, signed, and under one id however often."""
    handoffs = {each["id"] for each in await everything(client, "/v1/handoffs")}
    assert handoffs
    while len({message.id for message in receiver.messages}) < len(handoffs):
        await receiver.received(len(receiver.messages) + 1, within=30)
    assert all(message.genuine for message in receiver.messages)
    told = {message.id: json.loads(message.body)["data"]["id"] for message in receiver.messages}
    assert sorted(told.values()) == sorted(handoffs)
