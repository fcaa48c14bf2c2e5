"""Two requests of a platform at the same moment are judged as one after the other would be."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial
from typing import Any

import asyncpg
import httpx2
import pytest

from app import clock
from app.db import Database, open_database
from app.services.recording import Result
from app.services.settled_clicks import count_settled
from app.services.source_events import record_from_source
from app.sources.attending import Fragment
from app.sources.event import NewEvent
from tests.proof.storm import differences, everything, prepare, waits_for_a_lock
from tests.support.service import running, settings_for

MANY = 30


@pytest.fixture
async def database(client: httpx2.AsyncClient, database_url: str) -> AsyncIterator[Database]:
    """The database of a program whose rubric is active; in the end it equals its rebuild."""
    opened = open_database(settings_for(database_url))
    yield opened
    await opened.close()
    assert await differences(database_url) == []


async def posted(
    database: Database, *events: NewEvent, fragments: tuple[Fragment, ...] = (), settle: int = 0
) -> list[Result]:
    """A request, in a transaction of its own."""
    work = partial(
        record_from_source,
        program="acme",
        source="src",
        events=events,
        fragments=fragments,
        settle_seconds=settle,
        now=clock.now(),
    )
    return await database.write(work)


def click(n: int, link: str) -> NewEvent:
    """A click of one of many contacts, a minute ago."""
    return NewEvent(
        id=f"{n}-{link}",
        type="email.clicked",
        occurred_at=clock.now() - timedelta(minutes=1),
        partner=f"p{n}",
        contact=f"jo@firm{n}.example",
        properties={"message": "m", "url": f"https://vendor.example/{link}"},
    )


async def having(client: httpx2.AsyncClient, verdict: str) -> list[dict[str, Any]]:
    """The events that have it."""
    return [event for event in await everything(client, "/v1/events") if event["verdict"] == verdict]


async def test_two_halves_of_a_burst(client: httpx2.AsyncClient, database: Database) -> None:
    halves = (posted(database, click(n, link)) for n in range(MANY) for link in ("a", "b"))
    await asyncio.gather(*halves)
    assert len(await having(client, "machine")) == 2 * MANY


async def test_the_same_contacts_in_opposite_order(client: httpx2.AsyncClient, database: Database) -> None:
    there = [click(n, "a") for n in range(MANY)]
    back = [click(n, "b") for n in reversed(range(MANY))]
    await asyncio.gather(*(posted(database, *events) for events in (there, back) for _ in range(4)))
    assert len(await having(client, "machine")) == 2 * MANY


async def test_two_parts_of_an_attendance(client: httpx2.AsyncClient, database: Database) -> None:
    start = clock.now() - timedelta(hours=1)

    def part(n: int, **about: Any) -> Fragment:
        facts = {"type": "webinar.attended", "partner": f"p{n}", "properties": {}}
        return Fragment(f"k{n}", facts=facts, **about)

    joined = [part(n, part="joined", at=start) for n in range(MANY)]
    left = [part(n, part="left", at=start + timedelta(minutes=45)) for n in range(MANY)]
    halves = (posted(database, fragments=(each,)) for pair in zip(joined, left, strict=True) for each in pair)
    await asyncio.gather(*halves)
    human = await having(client, "human")
    assert sorted(event["partner"] for event in human) == sorted(f"p{n}" for n in range(MANY))
    assert {event["properties"]["minutes"] for event in human} == {45}


async def test_a_burst_while_its_first_click_comes_to_count(
    client: httpx2.AsyncClient, database: Database
) -> None:
    """Whichever is first, the click counts for nothing in the end."""
    await asyncio.gather(*(posted(database, click(n, "a"), settle=1) for n in range(MANY)))
    later = clock.now() + timedelta(seconds=1)
    settling = (database.write(partial(count_settled, program="acme", now=later)) for _ in range(8))
    await asyncio.gather(*settling, *(posted(database, click(n, "b")) for n in range(MANY)))
    assert len(await having(client, "machine")) == 2 * MANY


async def test_a_persons_word_that_is_just_being_given(postgresql_url: str) -> None:
    """The rule finds the click as it was, and waits for the word. Shown to fail by a rule that does not."""
    async with AsyncExitStack() as stack:
        service = await stack.enter_async_context(running(postgresql_url))
        client = await stack.enter_async_context(service.client(await service.program()))
        await prepare(client)
        database = open_database(service.settings)
        stack.push_async_callback(database.close)
        await posted(database, click(0, "a"))
        person = await asyncpg.connect(postgresql_url)
        stack.push_async_callback(person.close)
        async with person.transaction():
            await person.execute("UPDATE event SET judged_by = 'admin', verdict_reason = 'it was me'")
            burst = asyncio.create_task(posted(database, click(0, "b")))
            await waits_for_a_lock(person)
        await burst
        assert [event["id"] for event in await having(client, "human")] == ["0-a"]
