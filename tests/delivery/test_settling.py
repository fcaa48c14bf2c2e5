"""Group settling, and what results mean for the webhook."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, cast

import pytest
from sqlalchemy import Connection, event, update

from app import clock, store
from app.db import Database, T, Work
from app.delivery import settler as settler_module
from app.delivery.claiming import claim
from app.delivery.judge import RetryIn
from app.delivery.limits import Limits
from app.delivery.reply import Failure
from app.delivery.settle import Attempt, Outcome, settle
from app.delivery.settler import Settler
from app.models import webhook_health, webhooks
from app.signatures.keys import new_secret
from tests.delivery.owing import add_webhook, attempts_at, delivery, execute, owe, quick, reaches, working
from tests.support.receiver import Receiver, answer

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
async def _webhook(database: Database, receiver: Receiver) -> None:
    await add_webhook(database, "w1", url=receiver.url, secret=receiver.secret)


class Held:
    """A database whose writes wait until they are let go, and count how many there were."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.go = asyncio.Event()
        self.began = asyncio.Event()
        self.writes = 0

    async def write(self, work: Work[T]) -> T:
        self.writes += 1
        self.began.set()
        await self.go.wait()
        return await self._database.write(work)


async def test_results_that_come_in_during_a_commit_share_the_next(database: Database) -> None:
    """Shown to fail by a settler that takes one outcome at a time."""
    await execute(database, update(webhooks).values(max_in_flight=1000, per_second=1000))
    await owe(database, "w1", *(f"msg_{n}" for n in range(60)))
    first, *others = await database.write(lambda c: _failures(c, 60))
    held = Held(database)
    settler = Settler(cast(Database, held), patience=DAY)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(settler.settle(first))
        await held.began.wait()
        for each in others:
            tasks.create_task(settler.settle(each))
        tasks.create_task(_let_go(held))
    assert held.writes == 2
    for n in range(60):
        assert len(await attempts_at(database, f"msg_{n}")) == 1


async def _let_go(held: Held) -> None:
    held.go.set()


async def test_results_of_one_moment_share_a_commit(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shown to fail by a settler that begins with the first of them."""
    monkeypatch.setattr(settler_module, "GATHERING", 1)
    await execute(database, update(webhooks).values(max_in_flight=1000, per_second=1000))
    await owe(database, "w1", *(f"msg_{n}" for n in range(20)))
    held = Held(database)
    held.go.set()
    settler = Settler(cast(Database, held), patience=DAY)
    async with asyncio.TaskGroup() as tasks:
        for each in await database.write(lambda c: _failures(c, 20)):
            tasks.create_task(settler.settle(each))
            await asyncio.sleep(0)
    assert held.writes == 1


async def test_what_the_next_in_order_waits_for_is_settled_at_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shown to fail by a settler that lets all results wait."""
    monkeypatch.setattr(settler_module, "GATHERING", 3600)
    await execute(database, update(webhooks).values(ordered=True))
    await owe(database, "w1", "msg_1")
    settler = Settler(database, patience=DAY)
    async with asyncio.timeout(60):
        for each in await database.write(lambda c: _failures(c, 1)):
            await settler.settle(each)
    assert len(await attempts_at(database, "msg_1")) == 1


async def test_what_the_next_in_order_waits_for_lets_nobody_gather(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shown to fail by a settler that looks only before it waits for others."""
    monkeypatch.setattr(settler_module, "GATHERING", 3600)
    await add_webhook(database, "w2", url="https://w2.example/", secret=new_secret(), ordered=True)
    await owe(database, "w1", "msg_1")
    await owe(database, "w2", "msg_2")
    outcomes = await database.write(lambda c: _failures(c, 2))
    any_time, in_order = sorted(outcomes, key=lambda each: each.claim.delivery.id)
    settler = Settler(database, patience=DAY)
    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        tasks.create_task(settler.settle(any_time))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        tasks.create_task(settler.settle(in_order))
    assert len(await attempts_at(database, "msg_1")) == 1


async def test_one_that_cannot_be_settled_does_not_take_the_others_along(
    database: Database, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shown to fail by a settler that lets go of the whole group."""

    def broken(connection: Any, outcomes: Any, **named: Any) -> Any:
        if "msg_3" in {each.claim.delivery.id for each in outcomes}:
            raise RuntimeError("planted")
        return settle(connection, outcomes, **named)

    monkeypatch.setattr(settler_module, "settle", broken)
    receiver.always = answer(200, after=0.1)
    await owe(database, "w1", *(f"msg_{n}" for n in range(6)))
    async with working(database):
        for n in (0, 1, 2, 4, 5):
            await reaches(database, f"msg_{n}", "delivered")
    assert (await delivery(database, "msg_3")).state == "owed"


@pytest.fixture
async def other(database: Database) -> AsyncIterator[Receiver]:
    """Another webhook of the program, which hears of the first one's troubles."""
    async with Receiver(new_secret()) as listening:
        types = ["webhook.failing", "webhook.recovered", "webhook.disabled"]
        await add_webhook(database, "w2", url=listening.url, secret=listening.secret, types=types)
        yield listening


async def has_failed_since(database: Database, age: timedelta, *, warned: timedelta | None = None) -> None:
    """As if the webhook had been failing for so long."""
    now = clock.now()
    health = {"failing_since": now - age, "failures": 5, "last_failure_at": now}
    known = update(webhook_health).where(webhook_health.c.webhook == "w1")
    await execute(database, known.values(**health, warned_at=now - warned if warned else None))


async def says(receiver: Receiver, type_: str) -> dict[str, Any]:
    """The data of the one message that comes."""
    [message] = await receiver.received(1)
    document = json.loads(message.body)
    assert document["type"] == type_
    data: dict[str, Any] = document["data"]
    return data


async def test_half_way_the_others_are_warned(
    database: Database, receiver: Receiver, other: Receiver
) -> None:
    receiver.always = answer(500)
    await has_failed_since(database, 2.5 * DAY)
    await owe(database, "w1", "msg_1")
    async with working(database):
        told = await says(other, "webhook.failing")
    assert (told["id"], told["url"], told["failures"]) == ("w1", receiver.url, 6)
    assert (await delivery(database, "msg_1")).state != "held"


async def test_after_five_days_it_is_disabled_and_what_it_is_owed_is_held(
    database: Database, receiver: Receiver, other: Receiver
) -> None:
    receiver.always = answer(500)
    await has_failed_since(database, 5 * DAY, warned=2 * DAY)
    await owe(database, "w1", "msg_1", due_at=clock.now())
    await owe(database, "w1", "msg_2", due_at=clock.now() + DAY)
    async with working(database):
        told = await says(other, "webhook.disabled")
        for each in ("msg_1", "msg_2"):
            await reaches(database, each, "held")
    assert (told["id"], told["enabled"], told["disabled_by"]) == ("w1", False, None)
    assert told["disabled_reason"] == "It has answered nothing but failures for 5 days."
    assert len(await attempts_at(database, "msg_1")) == 1


async def test_a_success_ends_it(database: Database, receiver: Receiver, other: Receiver) -> None:
    await has_failed_since(database, 9 * DAY, warned=6 * DAY)
    await owe(database, "w1", "msg_1")
    async with working(database):
        await says(other, "webhook.recovered")
    health = (await database.read(lambda c: store.webhook_health.of(c, ["w1"])))["w1"]
    assert (health.failing_since, health.failures, health.warned_at) == (None, 0, None)


async def test_a_shorter_patience(database: Database, receiver: Receiver, other: Receiver) -> None:
    receiver.always = answer(500)
    await has_failed_since(database, timedelta(seconds=100), warned=timedelta(seconds=20))
    await owe(database, "w1", "msg_1")
    async with working(database, quick(webhook_disable_after=100)):
        await says(other, "webhook.disabled")


async def test_statements_do_not_grow_with_the_group(database: Database) -> None:
    await execute(database, update(webhooks).values(max_in_flight=1000, per_second=1000))

    async def statements(number: int) -> int:
        await owe(database, "w1", *(f"msg_{number}_{n}" for n in range(number)))
        return await database.write(lambda c: _cost(c, number))

    assert await statements(2) == await statements(300)


def _failures(connection: Connection, number: int) -> list[Outcome]:
    """What came of so many claims."""
    claiming = claim(connection, 4 * number, limits=Limits(), lease=timedelta(minutes=1), loop_time=0)
    assert len(claiming.claims) == number
    attempt = Attempt(clock.now(), 5, Failure("no answer"))
    return [Outcome(each, attempt, RetryIn(60)) for each in claiming.claims]


def _cost(connection: Connection, number: int) -> int:
    """Statements to settle so many failures at once."""
    outcomes = _failures(connection, number)
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        found.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    assert len(settle(connection, outcomes, patience=DAY).kept) == number
    return len(found)


async def test_order_is_kept_through_failures(database: Database, receiver: Receiver) -> None:
    """Shown to fail by a webhook that is not `ordered`."""
    await execute(database, update(webhooks).values(ordered=True))
    receiver.replies.extend([answer(500), answer(500), answer(200), answer(500)])
    ids = [f"msg_{n}" for n in range(6)]
    await owe(database, "w1", *ids)
    async with working(database):
        await reaches(database, "msg_5", "delivered")
    assert list(dict.fromkeys(each.id for each in receiver.messages)) == ids
    assert [each.id for each in receiver.messages[:3]] == ["msg_0"] * 3


async def test_in_order_the_next_goes_when_the_one_before_is_dead(
    database: Database, receiver: Receiver
) -> None:
    """Shown to fail by settling without a word to the next."""
    await execute(database, update(webhooks).values(ordered=True))
    receiver.replies.extend([answer(500)] * 3)
    await owe(database, "w1", "msg_1", "msg_2")
    async with working(database):
        await reaches(database, "msg_2", "delivered")
    assert (await delivery(database, "msg_1")).state == "dead"
