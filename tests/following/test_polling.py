"""What it costs to poll the queue: an unchanged one is a single read."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import make_url

from app.api.group_commit import GroupCommitter
from app.api.keyring import Keyring
from app.api.queue_feeds import QueueFeeds
from app.api.queue_lists import QueueLists
from app.api.rate_limit import RateLimiter
from app.api.score_feed import read_pages
from app.api.scores import read_scores
from app.api.shared_reads import SharedReads
from app.api.state import State
from app.background.inbox import Inbox
from app.db import Database, open_database
from app.delivery.fetching import Fetcher
from app.main import create_app
from app.vault import open_vault
from tests.api.calls import activate, raise_hand
from tests.support.service import running, settings_for

LIST = "/v1/handoffs?state=open"


@pytest.fixture
async def client(database_url: str) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a service that does nothing but answer, with ten open hand-offs."""
    async with running(database_url) as service:
        key = await service.program()
        async with service.client(key) as client:
            await activate(client)
            for n in range(10):
                await raise_hand(client, f"p{n}")
    app, database = create_app(service.settings), open_database(service.settings)
    app.state.handraiser = state(database_url, database)
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app), base_url="http://service", headers=headers
    ) as opened:
        yield opened
    await database.close()


def state(database_url: str, database: Database) -> State:
    """What main puts together, with nothing running beside it."""
    settings = settings_for(database_url)
    return State(
        settings=settings,
        database=database,
        vault=open_vault(settings),
        keyring=Keyring(database, settings),
        committer=GroupCommitter(database, limit=1, deliver=nothing, follow=nothing),
        limiter=RateLimiter(0),
        networks=(),
        queue_lists=QueueLists(database),
        scores=SharedReads(database, read_scores),
        score_feed=SharedReads(database, read_pages),
        feeds=QueueFeeds(database, limit=1),
        inbox=Inbox(database, open_vault(settings), settings, wake=nothing),
        fetcher=Fetcher(()),
        rehearsing=asyncio.Lock(),
        wake=nothing,
        wake_previewer=nothing,
    )


def nothing() -> None:
    """There is nobody to wake."""


@contextmanager
def statements(database_url: str) -> Iterator[list[str]]:
    """What is asked of this database, but for the beginnings of transactions.

    Of this one only: services of other tests may be at work in the same process.
    """
    found, database = list[str](), make_url(database_url).database

    def note_down(connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        if connection.engine.url.database == database and not statement.startswith("BEGIN"):
            found.append(statement)

    event.listen(Engine, "before_cursor_execute", note_down)
    yield found
    event.remove(Engine, "before_cursor_execute", note_down)


async def test_an_unchanged_poll_is_one_read(client: httpx2.AsyncClient, database_url: str) -> None:
    tag = (await client.get(LIST)).headers["etag"]
    for _ in range(3):
        with statements(database_url) as found:
            answer = await client.get(LIST, headers={"If-None-Match": tag})
        assert answer.status_code == 304
        assert [statement.split()[0] for statement in found] == ["SELECT"]
        assert "handoff" not in found[0]


async def test_many_who_poll_at_once_share_a_reading(client: httpx2.AsyncClient, database_url: str) -> None:
    with statements(database_url) as found:
        answers = await asyncio.gather(*(client.get(LIST) for _ in range(50)))
    assert {(answer.status_code, answer.headers["etag"]) for answer in answers} == {
        (200, answers[0].headers["etag"])
    }
    # The first, and all who came while it was reading; the list itself, and its history, were read once.
    assert sum("FROM handoff" in statement for statement in found) == 2
    assert len(found) < 10


async def test_a_poll_is_never_older_than_itself(client: httpx2.AsyncClient) -> None:
    """Shown to fail when whoever asks joins the reading that is under way."""
    for n in range(10):
        busy = asyncio.gather(*(client.get(LIST) for _ in range(10)))
        await client.post("/v1/handoffs/next", json={"by": f"rep-{n}"})
        found = (await client.get(LIST)).json()["items"]
        await busy
        assert len(found) == 9 - n


async def test_a_key_that_many_bring_at_once_is_looked_up_once(
    client: httpx2.AsyncClient, database_url: str
) -> None:
    with statements(database_url) as found:
        answers = await asyncio.gather(*(client.get("/v1/handoffs/ho_none") for _ in range(20)))
    assert {answer.status_code for answer in answers} == {404}
    assert sum("api_key" in statement for statement in found) == 1
