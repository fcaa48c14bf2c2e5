"""The account of a campaign notices what it is there to notice."""

from contextlib import suppress
from typing import Any

import httpx2
import pytest
from sqlalchemy import Connection, delete, insert, literal, select

from app.db import PostgresDatabase, SqliteDatabase, T, Work, open_database
from app.models import events
from app.settings import Settings
from tests.proof.accounting import BALANCED, Account
from tests.proof.campaign import Campaign, stored_ids
from tests.proof.storm import Storm
from tests.support.service import Service


async def _nothing() -> None:
    pass


@pytest.fixture
async def sent(service: Service, key: str) -> Account:
    """What a calm campaign noted."""
    campaign = Campaign(lambda: service.client(key), _nothing, Storm(seed=5))
    campaign.storm.events = dict(list(campaign.storm.events.items())[:50])
    await campaign.runs()
    return campaign.account


async def execute(url: str, statement: Any) -> None:
    """Run a statement behind the service's back."""
    database = open_database(Settings(database_url=url))

    def work(connection: Connection) -> None:
        connection.execute(statement)

    await database.write(work)
    await database.close()


async def test_balances(sent: Account, database_url: str) -> None:
    assert sent.balance(await stored_ids(database_url)) == BALANCED


async def test_an_event_that_is_gone(sent: Account, database_url: str) -> None:
    """Planted: a stored event deleted."""
    gone = min(sent.acknowledged)
    await execute(database_url, delete(events).where(events.c.id == gone))
    assert sent.balance(await stored_ids(database_url)) == BALANCED | {"lost": {gone}}


async def test_events_nobody_sent_or_sent_once(sent: Account, database_url: str) -> None:
    """Planted: an event of nobody's, and one that is stored for another source too."""
    some = min(sent.acknowledged)
    columns = [column for column in events.c if column.key not in {"source", "id"}]
    for id_ in ("nobodys", some):
        copied = select(events.c.source + "-2", *columns).where(events.c.id == some)
        names = ["source", *(column.key for column in columns), "id"]
        await execute(database_url, insert(events).from_select(names, copied.add_columns(literal(id_))))
    expected = BALANCED | {"unexpected": {"nobodys"}, "duplicated": {some}}
    assert sent.balance(await stored_ids(database_url)) == expected


async def test_an_answer_before_the_commit(
    client: httpx2.AsyncClient, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: a service that answers, and then does not commit."""
    for kind in (SqliteDatabase, PostgresDatabase):
        monkeypatch.setattr(kind, "write", _write_and_forget(kind.write))
    storm, account = Storm(seed=6), Account()
    batch = list(storm.events.values())[:20]
    account.send(event["id"] for event in batch)
    account.hear((await client.post("/v1/events", json=batch)).json()["results"])
    assert len(account.balance(await stored_ids(database_url))["lost"]) == 20


def _write_and_forget(write: Any) -> Any:
    async def forgetful(self: Any, work: Work[T]) -> T:
        answers: list[T] = []

        def undone(connection: Connection) -> None:
            answers.append(work(connection))
            raise _Undone

        with suppress(_Undone):
            await write(self, undone)
        return answers[0]

    return forgetful


class _Undone(Exception):
    """Rolls back."""
