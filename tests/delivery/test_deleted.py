"""A webhook that was deleted: nothing goes to it, nobody sees it, little by little it is forgotten."""

from typing import Any

import pytest
from sqlalchemy import Connection, event, func, select

from app import clock, store
from app.background import tending
from app.background.tending import forget
from app.db import Database
from app.models import attempts, deliveries, webhook_health, webhook_secrets, webhooks
from app.services.deliveries import list_deliveries
from app.services.webhooks import delete_webhook, ping
from app.settings import Settings
from tests.delivery.owing import add_webhook, owe, reaches, working
from tests.support.receiver import Receiver

IDS = [f"msg_{n}" for n in range(7)]


@pytest.fixture(autouse=True)
async def _webhooks(database: Database, receiver: Receiver) -> None:
    for name in ("w1", "w2"):
        await add_webhook(database, name, url=receiver.url, secret=receiver.secret)


async def delete(database: Database) -> None:
    await database.write(lambda c: delete_webhook(c, "acme", "w1", now=clock.now()))


async def count(database: Database, table: Any) -> int:
    return await database.read(lambda c: c.execute(select(func.count()).select_from(table)).scalar_one())


def listed(connection: Connection) -> list[str]:
    found = list_deliveries(connection, "acme", webhook=None, status=None, since=None, before=None, limit=100)
    return [each.id for each in found]


async def test_nothing_is_sent_any_more(database: Database, receiver: Receiver) -> None:
    """Not a ping either. Shown to fail by a claim that looks at all webhooks."""
    await database.write(lambda c: ping(c, "acme", "w1", now=clock.now()))
    await owe(database, "w1", *IDS)
    await delete(database)
    await owe(database, "w1", "msg_late")
    await owe(database, "w2", "msg_other")
    async with working(database):
        await reaches(database, "msg_other", "delivered")
    assert [message.id for message in receiver.messages] == ["msg_other"]


async def test_nobody_sees_what_it_was_owed(database: Database) -> None:
    await owe(database, "w1", *IDS)
    await owe(database, "w2", "msg_other")
    await delete(database)
    assert await database.read(listed) == ["msg_other"]
    assert await database.read(lambda c: store.deliveries.get(c, "acme", IDS[0])) is None
    assert [each.webhook for each in await database.read(store.gauges.of_all)] == ["w2"]


async def test_it_is_forgotten_little_by_little(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tending, "AT_ONCE", 2)
    await owe(database, "w1", *IDS)
    made = {"delivery": IDS[0], "n": 1, "started_at": clock.now(), "milliseconds": 5}
    await database.write(lambda c: store.claims.record(c, [made]))
    await owe(database, "w2", "msg_other")
    await delete(database)
    await forget(database, Settings())
    tables = (webhooks, webhook_health, webhook_secrets, deliveries, attempts)
    assert [await count(database, each) for each in tables] == [1, 1, 1, 1, 0]


async def test_its_row_outlives_its_deliveries(database: Database) -> None:
    """Else the last ones, which somebody is settling, would be deleted under their hands, however many."""
    await owe(database, "w1", *IDS)
    await delete(database)
    await database.write(lambda c: store.forgetting.forget_webhook(c, "w1"))
    assert await count(database, webhooks) == 2
    assert await count(database, deliveries) == len(IDS)


async def test_deleting_touches_none_of_its_deliveries(database: Database) -> None:
    """So whoever announces something meanwhile waits for no more than that. Shown to fail by a DELETE."""
    await owe(database, "w1", *IDS)
    said = await database.write(_said)
    assert not [each for each in said if "DELETE" in each or "delivery" in each]
    assert await count(database, deliveries) == len(IDS)


def _said(connection: Connection) -> list[str]:
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        found.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    delete_webhook(connection, "acme", "w1", now=clock.now())
    event.remove(connection, "before_cursor_execute", note)
    return found
