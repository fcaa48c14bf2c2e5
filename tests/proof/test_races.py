"""Two things at the same moment: the outcome is that of one after the other, in either order."""

import asyncio
from collections import Counter
from datetime import timedelta
from functools import partial
from typing import Any

import httpx2
import pytest

from app import clock
from app.db import open_database
from app.services import pruning
from app.services.pruning import begin_pruning, prune_some
from tests.proof.storm import differences, everything
from tests.support.service import settings_for


@pytest.fixture(autouse=True)
async def _equals_its_rebuild(client: httpx2.AsyncClient, database_url: str) -> Any:
    yield
    assert await differences(database_url) == []


def event(id_: str, type_: str = "page.viewed", **about: Any) -> dict[str, Any]:
    """A webinar is 10 points, a page 2.5."""
    properties = {"path": "/deals/1", "minutes": 45}
    return {"id": id_, "type": type_, "source": "race", "properties": properties, "partner": "p1"} | about


async def posted(client: httpx2.AsyncClient, *events: dict[str, Any]) -> list[dict[str, Any]]:
    """The results of one request."""
    answer = await client.post("/v1/events", json=list(events))
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


async def score(client: httpx2.AsyncClient, partner: str = "p1") -> float:
    """A partner's score."""
    return float((await client.get(f"/v1/partners/{partner}")).json()["score"])


async def test_one_event_fifty_times(client: httpx2.AsyncClient) -> None:
    answers = await asyncio.gather(*(posted(client, event("e")) for _ in range(50)))
    assert Counter(results[0]["status"] for results in answers) == {"accepted": 1, "duplicate": 49}
    assert await score(client) == 2.5


async def test_one_id_with_two_contents(client: httpx2.AsyncClient) -> None:
    contents = (event("e"), event("e", "webinar.attended"))
    answers = await asyncio.gather(*(posted(client, contents[n % 2]) for n in range(20)))
    found = Counter(results[0]["status"] for results in answers)
    assert found == {"accepted": 1, "duplicate": 9, "conflict": 10}
    assert await score(client) in {2.5, 10}


async def test_fifty_events_around_the_threshold(client: httpx2.AsyncClient) -> None:
    answers = await asyncio.gather(*(posted(client, event(f"e{n}")) for n in range(50)))
    opened = {results[0]["handoff"] for results in answers} - {None}
    assert [each["id"] for each in await everything(client, "/v1/handoffs")] == list(opened)
    assert await score(client) == 125


async def test_many_who_want_one_call(client: httpx2.AsyncClient) -> None:
    id_ = (await posted(client, *(event(f"e{n}", "webinar.attended") for n in range(3))))[-1]["handoff"]
    claims = await asyncio.gather(
        *(client.post(f"/v1/handoffs/{id_}/claim", json={"by": f"rep{n}"}) for n in range(20))
    )
    assert Counter(answer.status_code for answer in claims) == {200: 1, 409: 19}


@pytest.mark.parametrize("known_by", ["contact", "domain"])
async def test_who_becomes_known_while_the_event_comes(client: httpx2.AsyncClient, known_by: str) -> None:
    """Neither order leaves the event parked for ever."""

    async def introduce(n: int) -> httpx2.Response:
        if known_by == "domain":
            return await client.put(f"/v1/partners/p{n}", json={"domains": [f"firm{n}.example"]})
        return await client.put(f"/v1/contacts/jo@firm{n}.example", json={"partner": f"p{n}"})

    for n in range(10):
        await client.put(f"/v1/partners/p{n}", json={})
        come = posted(client, event(f"e{n}", partner=None, contact=f"jo@firm{n}.example"))
        await asyncio.gather(come, introduce(n))
    assert (await client.get("/v1/events/parked")).json()["items"] == []
    assert {await score(client, f"p{n}") for n in range(10)} == {2.5}


async def test_a_verdict_that_many_give_at_once(client: httpx2.AsyncClient) -> None:
    await posted(client, event("e"), event("f"))
    for verdict in ("machine", "human", "internal"):
        thought = {"verdict": verdict, "reason": "so it looks"}
        answers = await asyncio.gather(*(client.patch("/v1/events/race/e", json=thought) for _ in range(10)))
        assert {answer.status_code for answer in answers} == {200}
        assert await score(client) == (5 if verdict == "human" else 2.5)


async def test_events_while_their_partner_is_merged_back_and_forth(client: httpx2.AsyncClient) -> None:
    await posted(client, event("a", partner="a"), event("b", partner="b"))

    async def merge() -> None:
        for _ in range(8):
            (await client.post("/v1/partners/a/merge", json={"into": "b"})).raise_for_status()
            (await client.post("/v1/partners/a/unmerge")).raise_for_status()

    sent = (posted(client, event(f"e{n}", partner="ab"[n % 2])) for n in range(40))
    await asyncio.gather(merge(), *sent)
    assert (await score(client, "a"), await score(client, "b")) == (52.5, 52.5)


async def test_events_while_another_rubric_is_made_active(client: httpx2.AsyncClient) -> None:
    first = (await client.get("/v1/rubrics/active")).json()["document"]
    double = [rule | {"points": rule["points"] * 2} for rule in first["rules"]]
    await client.post("/v1/rubrics", json=first | {"rules": double, "time_zone": "Pacific/Auckland"})

    async def activate() -> None:
        for version in (2, 1, 2, 1, 2):
            (await client.post(f"/v1/rubrics/{version}/activate")).raise_for_status()

    await asyncio.gather(activate(), *(posted(client, event(f"e{n}")) for n in range(40)))
    assert await score(client) == 200


async def test_several_prune_what_is_judged_and_merged(
    client: httpx2.AsyncClient, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shown to fail by pruning that does not lock what it is about to delete."""
    monkeypatch.setattr(pruning, "AT_ONCE", 3)
    old = (clock.now() - timedelta(days=60)).isoformat()
    await posted(client, *(event(f"o{n}", partner="ab"[n % 2], occurred_at=old) for n in range(60)))
    database = open_database(settings_for(database_url))
    await database.write(partial(begin_pruning, program="acme", days=30, now=clock.now()))
    thought = {"verdict": "machine", "reason": "so it looks"}

    async def prune() -> None:
        while await database.write(partial(prune_some, program="acme")):
            pass

    async def merge() -> None:
        (await client.post("/v1/partners/a/merge", json={"into": "b"})).raise_for_status()
        (await client.post("/v1/partners/a/unmerge")).raise_for_status()

    judging = (client.patch(f"/v1/events/race/o{n}", json=thought) for n in range(0, 60, 5))
    await asyncio.gather(*(prune() for _ in range(5)), merge(), *judging)
    # What all of them found locked just when they looked for the last.
    await prune()
    await database.close()
    assert (await client.get("/v1/events")).json()["items"] == []
