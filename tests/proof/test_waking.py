"""Nobody waits for the next poll: the worker when something is owed, a stream when the queue has changed."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from app.api.queue_feeds import QueueFeeds
from app.delivery import worker
from tests.api.calls import activate, raise_hand
from tests.proof.storm import prepare
from tests.support.receiver import Receiver
from tests.support.service import running
from tests.support.sse import streaming


def page(id_: str) -> dict[str, Any]:
    """An event of 2.5 points."""
    about = {"partner": "p1", "properties": {"path": "/deals/1"}}
    return {"id": id_, "type": "page.viewed", "source": "s", **about}


@asynccontextmanager
async def hearing_of_bands(database_url: str) -> AsyncIterator[tuple[httpx2.AsyncClient, Receiver]]:
    """A client of a service whose webhook wants to know of bands, and what that posts to."""
    async with (
        running(database_url) as service,
        service.client(await service.program()) as client,
        Receiver("") as receiver,
    ):
        await prepare(client)
        hook = {"url": receiver.url, "types": ["score.band_changed"]}
        receiver.secret = (await client.post("/v1/webhooks", json=hook)).json()["secret"]
        yield client, receiver


async def test_a_changed_band_goes_out_at_once(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shown to fail by a committer that wakes for hand-offs only."""
    monkeypatch.setattr(worker, "POLL_SECONDS", 600)
    async with hearing_of_bands(database_url) as (client, receiver):
        for n in range(5):
            await client.post("/v1/events", json=page(f"e{n}"))
        [message] = await receiver.received(1, within=5)
    assert json.loads(message.body)["type"] == "score.band_changed"


async def test_an_adjustment_goes_out_at_once(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shown to fail by one that wakes nobody."""
    monkeypatch.setattr(worker, "POLL_SECONDS", 600)
    async with hearing_of_bands(database_url) as (client, receiver):
        await client.put("/v1/partners/p1", json={})
        given = {"points": 1000, "reason": "asked for a call"}
        (await client.post("/v1/partners/p1/adjustments", json=given)).raise_for_status()
        [message] = await receiver.received(1, within=5)
    assert json.loads(message.body)["data"]["partner"] == "p1"


async def test_a_handoff_is_streamed_at_once(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though no webhook wants to know. Shown to fail by a committer that wakes the worker alone."""
    monkeypatch.setattr(QueueFeeds.__init__, "__kwdefaults__", {"poll_seconds": 600})
    async with (
        running(database_url) as service,
        service.client(await service.program()) as client,
        streaming(client) as stream,
    ):
        await activate(client)
        await raise_hand(client, "p1")
        [event] = await stream.events(1)
    assert event.move == ("p1", "open")
