"""Who says "gone" speaks for the URL that was asked, and until somebody enables the webhook again."""

import asyncio
from datetime import timedelta
from functools import partial
from itertools import chain

from sqlalchemy import Connection, select, update

from app import clock
from app.db import Database, open_database
from app.models import webhook_health, webhooks
from app.services.webhook_life import disable_gone, lock_turning
from app.services.webhook_view import Webhook
from app.services.webhooks import change_webhook, disable_webhook, enable_webhook
from app.settings import Settings
from app.signatures.keys import new_secret
from tests.delivery.owing import (
    VAULT,
    add_program,
    add_webhook,
    attempts_at,
    execute,
    owe,
    quick,
    reaches,
    working,
)
from tests.support.receiver import Receiver, answer

DAY = timedelta(days=1)


async def is_enabled(database: Database, webhook: str = "w1") -> bool:
    query = select(webhooks.c.enabled).where(webhooks.c.id == webhook)
    return await database.read(lambda c: bool(c.execute(query).scalar_one()))


def anybody(_: Webhook) -> None:
    """Whoever changes it may."""


async def change_url(database: Database, url: str) -> None:
    def work(connection: Connection) -> None:
        change_webhook(connection, VAULT, "acme", "w1", {"url": url}, check=anybody, now=clock.now())

    await database.write(work)


async def test_the_old_url_is_gone_and_the_new_one_gets_it(database: Database, receiver: Receiver) -> None:
    """Shown to fail by a 410 that counts whoever it came from."""
    receiver.always = answer(410, after=0.5)
    await add_webhook(database, "w1", url=receiver.url, secret=receiver.secret)
    await owe(database, "w1", "msg_1")
    async with Receiver(receiver.secret) as new, working(database):
        await receiver.received(1)
        await change_url(database, new.url)
        assert [message.id for message in await new.received(1)] == ["msg_1"]
        await reaches(database, "msg_1", "delivered")
    assert await is_enabled(database)


async def test_gone_before_it_was_enabled_again(database: Database, receiver: Receiver) -> None:
    receiver.always = answer(410, after=0.5)
    await add_webhook(database, "w1", url=receiver.url, secret=receiver.secret)
    await owe(database, "w1", "msg_1", type_="test.ping")
    async with working(database, quick(webhook_retry_schedule=(0,))):
        await receiver.received(1)
        receiver.always = answer(200)
        await database.write(
            lambda c: disable_webhook(c, "acme", "w1", reason=None, by="me", now=clock.now())
        )
        await database.write(lambda c: enable_webhook(c, "acme", "w1", replay=False, now=clock.now()))
        await reaches(database, "msg_1", "delivered")
    assert await is_enabled(database)


async def test_another_url_has_not_failed(database: Database) -> None:
    await add_webhook(database, "w1", url="https://old.example/", secret=new_secret())
    await execute(database, update(webhook_health).values(failing_since=clock.now(), failures=3))
    await change_url(database, "https://new.example/")
    health = await database.read(lambda c: c.execute(select(webhook_health)).one())
    assert (health.failing_since, health.failures) == (None, 0)


async def test_replayed_while_it_is_in_flight(database: Database, receiver: Receiver) -> None:
    """Sent again under its id. Shown to fail by a replay that leaves the claim as it is: it ends up dead."""
    receiver.always = answer(500, after=0.5)
    await add_webhook(database, "w1", url=receiver.url, secret=receiver.secret)
    await owe(database, "w1", "msg_1")
    async with working(database, quick(webhook_retry_schedule=(0,))) as worker:
        await receiver.received(1)
        receiver.always = answer(200)
        await database.write(
            lambda c: disable_webhook(c, "acme", "w1", reason=None, by="me", now=clock.now())
        )
        await database.write(lambda c: enable_webhook(c, "acme", "w1", replay=True, now=clock.now()))
        worker.wake()
        await reaches(database, "msg_1", "delivered")
    assert {message.id for message in receiver.messages} == {"msg_1"}
    assert [each.status for each in await attempts_at(database, "msg_1")] == [200]


async def test_two_that_tell_each_other_are_disabled_at_once(postgresql_url: str) -> None:
    """Shown to fail by each locking its own only: they wait for each other, and one must begin again."""
    first, second = (open_database(Settings(database_url=postgresql_url)) for _ in range(2))
    await first.write(add_program)
    begun: list[str] = []

    def work(connection: Connection, webhook: str) -> None:
        begun.append(webhook)
        lock_turning(connection, [webhook], {}, {}, patience=DAY, now=clock.now())
        disable_gone(connection, {webhook: "gone"}, now=clock.now())

    pairs = [(f"a{n}", f"b{n}") for n in range(5)]
    for each in chain(*pairs):
        types = ["webhook.disabled"]
        await add_webhook(first, each, url="https://w.example/", secret=new_secret(), types=types)
    for a, b in pairs:
        await asyncio.gather(first.write(partial(work, webhook=a)), second.write(partial(work, webhook=b)))
    await asyncio.gather(*(each.close() for each in (first, second)))
    assert sorted(begun) == sorted(chain(*pairs))
