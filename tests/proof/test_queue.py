"""Forty callers at one queue: each gets a hand-off of their own, and nobody goes without needlessly."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack

import httpx2
import pytest

from tests.proof.storm import prepare
from tests.proof.test_races import event, posted
from tests.support.server import serving
from tests.support.service import Service, settings_for

HANDOFFS = 60
CALLERS = 40


async def raise_hands(client: httpx2.AsyncClient, number: int) -> None:
    """Let so many partners cross the threshold."""
    for n in range(number):
        await posted(client, *(event(f"{n}-{m}", "webinar.attended", partner=f"p{n}") for m in range(3)))


async def take(client: httpx2.AsyncClient, n: int) -> str | None:
    """The id of the hand-off that caller `n` gets."""
    answer = await client.post("/v1/handoffs/next", json={"by": f"rep-{n}@vendor.example"})
    assert answer.status_code in (200, 204), answer.text
    return str(answer.json()["id"]) if answer.status_code == 200 else None


async def everybody_takes(clients: list[httpx2.AsyncClient]) -> None:
    """Shown to fail on a search that does not read again what it holds, and on one that gives up early."""
    first = await asyncio.gather(*(take(clients[n % len(clients)], n) for n in range(CALLERS)))
    assert None not in first
    # More ask than there are left: all are taken, each once.
    second = await asyncio.gather(*(take(clients[n % len(clients)], n) for n in range(CALLERS)))
    taken = Counter([each for each in (*first, *second) if each is not None])
    assert len(taken) == HANDOFFS
    assert set(taken.values()) == {1}


async def test_forty_callers(service: Service, client: httpx2.AsyncClient, key: str) -> None:
    await raise_hands(client, HANDOFFS)
    async with AsyncExitStack() as stack:
        await everybody_takes([await stack.enter_async_context(service.client(key)) for _ in range(8)])


async def test_forty_callers_at_two_processes(postgresql_url: str) -> None:
    async with serving(postgresql_url) as one, serving(postgresql_url) as two, AsyncExitStack() as stack:
        made = await Service(one.url, settings_for(postgresql_url)).program()
        clients = [await stack.enter_async_context((one, two)[n % 2].client(made)) for n in range(8)]
        await prepare(clients[0])
        await raise_hands(clients[0], HANDOFFS)
        await everybody_takes(clients)


async def test_best_is_had_while_its_partner_is_busy(client: httpx2.AsyncClient) -> None:
    """Events of a partner hold its standing for moments; its call is not lost to that."""
    await raise_hands(client, 1)
    busy = asyncio.gather(*(posted(client, event(f"b{n}", partner="p0")) for n in range(50)))
    assert await take(client, 1) is not None
    await busy


@pytest.mark.parametrize("most", [1, 3])
async def test_nobody_holds_more_than_allowed(client: httpx2.AsyncClient, most: int) -> None:
    """Shown to fail without the lock on the person."""
    rubric = (await client.get("/v1/rubrics/active")).json()["document"]
    rubric["handoff"]["max_claimed"] = most
    version = (await client.post("/v1/rubrics", json=rubric)).json()["version"]
    await client.post(f"/v1/rubrics/{version}/activate")
    await raise_hands(client, 12)
    form = {"by": "rep@vendor.example"}
    answers = await asyncio.gather(*(client.post("/v1/handoffs/next", json=form) for _ in range(12)))
    assert Counter(answer.status_code for answer in answers) == {200: most, 409: 12 - most}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"claim_limit"}


async def test_two_crossings_for_the_last_place(client: httpx2.AsyncClient) -> None:
    """Shown to fail without the lock on the queue."""
    rubric = (await client.get("/v1/rubrics/active")).json()["document"]
    rubric["handoff"]["per_week"] = 5
    version = (await client.post("/v1/rubrics", json=rubric)).json()["version"]
    await client.post(f"/v1/rubrics/{version}/activate")
    await asyncio.gather(
        *(
            posted(client, *(event(f"{n}-{m}", "webinar.attended", partner=f"p{n}") for m in range(3)))
            for n in range(20)
        )
    )
    found = [each["state"] for each in (await client.get("/v1/handoffs?limit=200")).json()["items"]]
    assert Counter(found) == {"open": 5, "waiting": 15}
