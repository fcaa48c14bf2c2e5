"""Workers that are killed, stopped, cut off and told to go: nothing is lost, nobody writes over another."""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import func, select, update

from app import clock
from app.db import Database
from app.delivery.claiming import LOST
from app.models import deliveries, webhooks
from tests.delivery.lone_worker import DEATHS
from tests.delivery.owing import (
    BODY,
    VAULT_KEY,
    add_webhook,
    attempts_at,
    delivery,
    execute,
    owe,
    reaches,
    until,
    working,
)
from tests.support.cable import Cable
from tests.support.receiver import Receiver, Reply, answer
from tests.support.server import HANDRAISER, environment

GRACE = 10


@pytest.fixture(autouse=True)
async def _webhook(database: Database, receiver: Receiver) -> None:
    await add_webhook(database, "w1", url=receiver.url, secret=receiver.secret)


async def leases_run_out(database: Database) -> None:
    """As if a minute had passed; whoever is alive could have renewed them meanwhile."""
    past = update(deliveries).values(leased_until=clock.now() - timedelta(seconds=1))
    await execute(database, past.where(deliveries.c.leased_until.is_not(None)))


@asynccontextmanager
async def lone_worker(url: str, *when: str) -> AsyncIterator[Process]:
    """A worker in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.delivery.lone_worker", url, *when), stderr=PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.mark.parametrize("when", DEATHS)
async def test_killed(database: Database, receiver: Receiver, database_url: str, when: str) -> None:
    """Fault 2. Shown to fail by a claim that passes over expired leases: it is lost then."""
    await owe(database, "w1", "msg_1")
    async with lone_worker(database_url, when) as process:
        assert await process.wait() == -signal.SIGKILL
    assert len(receiver.messages) == (0 if when == "before_post" else 1)
    await leases_run_out(database)
    async with working(database):
        await reaches(database, "msg_1", "delivered", within=5)
    assert {(each.id, each.body, each.genuine) for each in receiver.messages} == {
        ("msg_1", BODY.encode(), True)
    }
    made = await attempts_at(database, "msg_1")
    assert [(each.n, each.error) for each in made] == [(1, LOST), (2, None)]


def holding(answered: asyncio.Event) -> Reply:
    """Answer 200 when it is time."""

    async def reply(writer: asyncio.StreamWriter) -> None:
        await answered.wait()
        await answer(200)(writer)

    return reply


async def says(process: Process, event: str) -> None:
    """Wait until a process logs this."""
    assert process.stderr
    async with asyncio.timeout(20):
        while json.loads(await process.stderr.readline())["event"] != event:
            pass


@asynccontextmanager
async def taken_over(
    database: Database, receiver: Receiver, away: Callable[[], None]
) -> AsyncIterator[asyncio.Event]:
    """One worker is sending and goes away; another is sending, too, while the block runs, and delivers.

    The event lets the first hear its 200.
    """
    first, second = asyncio.Event(), asyncio.Event()
    receiver.replies.extend([holding(first), holding(second)])
    await receiver.received(1, within=20)
    away()
    await leases_run_out(database)
    async with working(database):
        await receiver.received(2)
        before = await delivery(database, "msg_1"), await attempts_at(database, "msg_1")
        yield first
        assert (await delivery(database, "msg_1"), await attempts_at(database, "msg_1")) == before
        second.set()
        await reaches(database, "msg_1", "delivered")
    assert [each.error for each in await attempts_at(database, "msg_1")] == [LOST, None]


async def test_stopped_and_continued(database: Database, receiver: Receiver, database_url: str) -> None:
    """Fault 8. Shown to fail by a settle that matches the id and not the fence."""
    await owe(database, "w1", "msg_1")
    async with lone_worker(database_url) as process:
        stop = partial(process.send_signal, signal.SIGSTOP)
        async with taken_over(database, receiver, stop) as answered:
            process.send_signal(signal.SIGCONT)
            answered.set()
            await says(process, "stale_attempt_discarded")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_cut_off_from_the_database(database: Database, receiver: Receiver, database_url: str) -> None:
    """Fault 7. Shown to fail as fault 8 is."""
    async with Cable(database_url) as cable, lone_worker(cable.url) as process:
        await owe(database, "w1", "msg_1")
        async with taken_over(database, receiver, cable.cut) as answered:
            answered.set()
            cable.mend()
            await says(process, "stale_attempt_discarded")


def in_flight() -> float | None:
    """Attempts that are under way in this process."""
    return REGISTRY.get_sample_value("handraiser_attempts_in_flight")


async def test_a_lost_lease_ends_the_attempt(
    database: Database, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The heartbeat notices, and does not wait for the answer. Shown to fail without its `cancel`."""
    monkeypatch.setattr("app.delivery.worker.HEARTBEATS", 600)
    answered = asyncio.Event()
    receiver.replies.append(holding(answered))
    await owe(database, "w1", "msg_1")
    async with working(database):
        await receiver.received(1)
        before = in_flight()
        taken = update(deliveries).values(fence=deliveries.c.fence + 1, state="dead")
        await execute(database, taken)

        async def ended() -> bool:
            return in_flight() != before

        # Before the attempt would end by itself.
        await until(ended, within=4)
    assert await attempts_at(database, "msg_1") == []


async def test_the_heartbeat_keeps_a_lease(
    database: Database, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shown to fail by a heartbeat that does not beat: the lease ends where it began."""
    monkeypatch.setattr("app.delivery.worker.HEARTBEATS", 600)
    answered = asyncio.Event()
    receiver.replies.append(holding(answered))
    await owe(database, "w1", "msg_1")
    async with working(database):
        await receiver.received(1)
        first = (await delivery(database, "msg_1")).leased_until

        async def renewed() -> bool:
            return bool((await delivery(database, "msg_1")).leased_until > first)

        await until(renewed)
        answered.set()
        await reaches(database, "msg_1", "delivered")


async def test_told_to_stop_under_load(database: Database, receiver: Receiver, database_url: str) -> None:
    """Fault 12. Shown to fail by a worker that ends without a word: leases are left then."""
    receiver.always = answer(200, after=0.05)
    await execute(database, update(webhooks).values(max_in_flight=100, per_second=1000))
    ids = [f"msg_{n}" for n in range(400)]
    await owe(database, "w1", *ids)
    process = await asyncio.create_subprocess_exec(
        HANDRAISER, "work", "--concurrency", "20", env=environment(database_url, SECRET_KEY=VAULT_KEY)
    )
    await receiver.received(40, within=30)
    process.terminate()
    async with asyncio.timeout(GRACE):
        assert await process.wait() == 0
    leased = select(func.count()).where(deliveries.c.leased_until.is_not(None))
    assert await database.read(lambda c: c.scalar(leased)) == 0
    assert len(receiver.messages) < 400
    async with working(database):
        for each in ids:
            await reaches(database, each, "delivered", within=30)
    assert {message.id for message in receiver.messages} == set(ids)
    assert len(receiver.messages) == 400


async def test_after_an_outage_the_backlog_drains_at_the_limit(
    database: Database, receiver: Receiver
) -> None:
    """Fault 28. Shown to fail without the bucket: 150 come in the first second."""
    loop = asyncio.get_running_loop()
    await execute(database, update(webhooks).values(per_second=40))
    ids = [f"msg_{n}" for n in range(150)]
    await owe(database, "w1", *ids, due_at=clock.now() - timedelta(days=1))
    times: list[float] = []

    async def note(writer: asyncio.StreamWriter) -> None:
        times.append(loop.time())
        await answer(200)(writer)

    receiver.always = note
    async with working(database):
        await receiver.received(150, within=30)
    assert max(len([t for t in times if start <= t < start + 1]) for start in times) <= 80
    assert 150 / 60 <= times[-1] - times[0] <= 2 * 150 / 40
