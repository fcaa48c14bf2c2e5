"""Kills and outages: what was under way is sent again, the same, and nothing is lost."""

import asyncio
import signal
import sys
from datetime import timedelta

import asyncpg
from sqlalchemy import func, select, update

from app import clock
from app.db import Database, open_database
from app.delivery.claiming import LOST
from app.models import deliveries
from app.settings import Settings
from tests.delivery.owing import (
    BODY,
    add_program,
    add_webhook,
    attempts_at,
    delivery,
    execute,
    owe,
    reaches,
    working,
)
from tests.support.receiver import Receiver, answer

HANG_UP = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'handraiser'"


async def test_killed_between_sending_and_settling(
    database: Database, receiver: Receiver, database_url: str
) -> None:
    """The receiver has it, the worker can not write that down any more: it comes again, known by its id."""
    await add_webhook(database, "w1", url=receiver.url, secret=receiver.secret)
    await owe(database, "w1", "msg_1")
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.delivery.lone_worker", database_url
    )

    async def kill(_: asyncio.StreamWriter) -> None:
        worker.kill()

    receiver.replies.append(kill)
    await receiver.received(1, within=30)
    assert await worker.wait() == -signal.SIGKILL
    row = await delivery(database, "msg_1")
    assert (row.state, row.attempts, row.fence) == ("owed", 0, 1)

    await execute(database, update(deliveries).values(leased_until=clock.now() - timedelta(seconds=1)))
    async with working(database):
        await reaches(database, "msg_1", "delivered")
    first, second = receiver.messages
    assert (first.id, first.body, first.genuine) == ("msg_1", BODY.encode(), True)
    assert (second.id, second.body, second.genuine) == ("msg_1", BODY.encode(), True)
    assert [(each.n, each.error) for each in await attempts_at(database, "msg_1")] == [(1, LOST), (2, None)]


async def test_a_database_that_hangs_up_again_and_again(postgresql_url: str, receiver: Receiver) -> None:
    """Connections are cut 20 times a second for a while; the worker goes on by itself when that is over."""
    receiver.always = answer(after=0.01)
    database = open_database(Settings(database_url=postgresql_url))
    await database.write(add_program)
    for n in range(5):
        await add_webhook(database, f"w{n}", url=receiver.url, secret=receiver.secret)
        await owe(database, f"w{n}", *(f"msg_{n}_{m}" for m in range(60)))
    async with working(database):
        await receiver.received(1)
        killer = await asyncpg.connect(postgresql_url)
        for _ in range(20):
            await killer.execute(HANG_UP)
            await asyncio.sleep(0.05)
        await killer.close()
        await nothing_is_owed(database)
    assert {message.id for message in receiver.messages} == {
        f"msg_{n}_{m}" for n in range(5) for m in range(60)
    }
    await database.close()


async def test_a_database_that_is_away_when_the_answer_comes(postgresql_url: str, receiver: Receiver) -> None:
    """The worker does not forget what the receiver said: it writes it down later, and sends nothing twice."""
    database = open_database(Settings(database_url=postgresql_url))
    await database.write(add_program)
    await add_webhook(database, "w1", url=receiver.url, secret=receiver.secret)
    await owe(database, "w1", "msg_1")
    killer = await asyncpg.connect(postgresql_url)

    async def hang_up_and_answer(writer: asyncio.StreamWriter) -> None:
        await killer.execute(HANG_UP)
        await answer()(writer)

    receiver.replies.append(hang_up_and_answer)
    async with working(database):
        await receiver.received(1)
        await asyncio.sleep(0.5)
        await reaches(database, "msg_1", "delivered")
    await killer.close()
    await database.close()
    assert len(receiver.messages) == 1


async def nothing_is_owed(database: Database) -> None:
    """Wait for it, and end leases early: some are of claims that committed and were never heard of."""
    past = update(deliveries).values(leased_until=clock.now() - timedelta(seconds=1))
    async with asyncio.timeout(20):
        while await database.read(
            lambda c: c.scalar(select(func.count()).where(deliveries.c.state == "owed"))
        ):
            await asyncio.sleep(0.5)
            await execute(database, past.where(deliveries.c.leased_until.is_not(None)))
