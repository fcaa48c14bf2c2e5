"""One webhook's trouble is nobody else's."""

import asyncio
import statistics

import pytest

from app.db import Database
from app.signatures.keys import new_secret
from tests.delivery.owing import add_program, add_webhook, owe, quick, working
from tests.support.receiver import Receiver, answer, hang

ROUNDS = 25


async def p95_of_healthy(database: Database, receiver: Receiver, *, prefix: str) -> float:
    """Seconds from commit to arrival at healthy webhooks, owed in rounds while the worker runs."""
    loop = asyncio.get_running_loop()
    owed: dict[str, float] = {}
    arrived: dict[str, float] = {}

    async def note(writer: asyncio.StreamWriter) -> None:
        arrived[receiver.messages[-1].id] = loop.time()
        await answer(200)(writer)

    receiver.always = note
    async with working(database, quick(webhook_concurrency=64)) as worker:
        for n in range(ROUNDS):
            for hook in range(9):
                id_ = f"{prefix}_{n}_{hook}"
                await owe(database, f"w{hook}", id_)
                owed[id_] = loop.time()
            worker.wake()
            await receiver.received((n + 1) * 9)
    waits = [arrived.get(id_, loop.time()) - at for id_, at in owed.items()]
    receiver.messages.clear()
    return statistics.quantiles(waits, n=20)[-1]


@pytest.fixture(autouse=True)
async def _webhooks(database: Database, receiver: Receiver) -> None:
    for n in range(9):
        await add_webhook(database, f"w{n}", url=receiver.url, secret=receiver.secret)


async def test_a_dead_webhook_delays_nobody(database: Database, receiver: Receiver) -> None:
    """Fault 26, with 1 of 10 webhooks hanging and far behind.

    Shown to fail by a claim without a limit in flight: the dead one takes all the room.
    """
    alone = await p95_of_healthy(database, receiver, prefix="alone")
    async with Receiver(new_secret(), always=hang) as dead:
        await add_webhook(database, "dead", url=dead.url, secret=dead.secret)
        await owe(database, "dead", *(f"dead_{n}" for n in range(1000)))
        beside = await p95_of_healthy(database, receiver, prefix="beside")
        assert dead.messages
    # The floor is for machines that do other things, too.
    assert beside <= max(2 * alone, 0.25)


async def test_a_dead_webhook_that_may_have_a_hundred_in_flight_delays_nobody(
    database: Database, receiver: Receiver
) -> None:
    """Shown to fail by shares that do not look at what is in flight."""
    async with Receiver(new_secret(), always=hang) as dead:
        await add_webhook(
            database, "dead", url=dead.url, secret=dead.secret, max_in_flight=100, per_second=1000
        )
        await owe(database, "dead", *(f"dead_{n}" for n in range(300)))
        assert await p95_of_healthy(database, receiver, prefix="beside") <= 1
        assert dead.messages


async def test_a_program_with_seven_dead_webhooks_delays_no_other_program(
    database: Database, receiver: Receiver
) -> None:
    """Shown to fail by shares that do not look at what is in flight."""
    await database.write(lambda c: add_program(c, "other"))
    async with Receiver(new_secret(), always=hang) as dead:
        for n in range(7):
            await add_webhook(database, f"dead{n}", url=dead.url, secret=dead.secret, program="other")
            await owe(database, f"dead{n}", *(f"dead{n}_{each}" for each in range(100)), program="other")
        assert await p95_of_healthy(database, receiver, prefix="beside") <= 1
        assert dead.messages
