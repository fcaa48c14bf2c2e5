"""Forty callers at one queue: each gets a hand-off of their own, and nobody goes without needlessly."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack

import asyncpg
import httpx2
import pytest

from tests.proof.storm import everything, prepare, waits_for_a_lock
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


async def test_the_only_one_is_waited_for(postgresql_url: str) -> None:
    """Its partner's standing is held, as an event would hold it. Shown to fail on giving up."""
    async with serving(postgresql_url) as server, AsyncExitStack() as stack:
        made = await Service(server.url, settings_for(postgresql_url)).program()
        client = await stack.enter_async_context(server.client(made))
        await prepare(client)
        await raise_hands(client, 1)
        other = await asyncpg.connect(postgresql_url)
        stack.push_async_callback(other.close)
        async with other.transaction():
            await other.execute("SELECT FROM standing FOR UPDATE")
            call = asyncio.create_task(take(client, 1))
            await waits_for_a_lock(other)
        assert await call is not None


@pytest.mark.parametrize("most", [1, 3])
async def test_nobody_holds_more_than_allowed(client: httpx2.AsyncClient, most: int) -> None:
    """Shown to fail without the lock on the person."""
    await change_terms(client, max_claimed=most)
    await raise_hands(client, 12)
    form = {"by": "rep@vendor.example"}
    answers = await asyncio.gather(*(client.post("/v1/handoffs/next", json=form) for _ in range(12)))
    assert Counter(answer.status_code for answer in answers) == {200: most, 409: 12 - most}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"claim_limit"}


async def test_crossings_at_two_processes_for_the_last_places(postgresql_url: str) -> None:
    """Shown to fail without the lock on the queue."""
    async with serving(postgresql_url) as one, serving(postgresql_url) as two, AsyncExitStack() as stack:
        made = await Service(one.url, settings_for(postgresql_url)).program()
        clients = [await stack.enter_async_context(each.client(made)) for each in (one, two)]
        await prepare(clients[0])
        await change_terms(clients[0], per_week=5)
        webinars = [
            [event(f"{n}-{m}", "webinar.attended", partner=f"p{n}") for m in range(3)] for n in range(60)
        ]
        await asyncio.gather(*(posted(clients[n % 2], *each) for n, each in enumerate(webinars)))
        found = await everything(clients[0], "/v1/handoffs")
        assert Counter(each["state"] for each in found) == {"open": 5, "waiting": 55}


async def change_terms(client: httpx2.AsyncClient, **terms: int) -> None:
    """Make the active rubric's hand-off terms others."""
    rubric = (await client.get("/v1/rubrics/active")).json()["document"]
    rubric["handoff"] |= terms
    version = (await client.post("/v1/rubrics", json=rubric)).json()["version"]
    (await client.post(f"/v1/rubrics/{version}/activate")).raise_for_status()
