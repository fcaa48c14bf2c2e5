"""The worker does not wait for its poll when something is owed, whatever it is about."""

import json
from typing import Any

import pytest

from app.delivery import worker
from tests.proof.storm import prepare
from tests.support.receiver import Receiver
from tests.support.service import running


def page(id_: str) -> dict[str, Any]:
    """An event of 2.5 points."""
    about = {"partner": "p1", "properties": {"path": "/deals/1"}}
    return {"id": id_, "type": "page.viewed", "source": "s", **about}


async def test_a_changed_band_goes_out_at_once(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shown to fail by a committer that wakes for hand-offs only."""
    monkeypatch.setattr(worker, "POLL_SECONDS", 600)
    async with (
        running(database_url) as service,
        service.client(await service.program()) as client,
        Receiver("") as receiver,
    ):
        await prepare(client)
        hook = {"url": receiver.url, "types": ["score.band_changed"]}
        receiver.secret = (await client.post("/v1/webhooks", json=hook)).json()["secret"]
        for n in range(5):
            await client.post("/v1/events", json=page(f"e{n}"))
        [message] = await receiver.received(1, within=5)
    assert json.loads(message.body)["type"] == "score.band_changed"
