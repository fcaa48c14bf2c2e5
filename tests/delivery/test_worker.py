"""The worker on a real database with a real receiver: what is owed arrives, and what came of it is kept."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app import clock
from app.db import Database
from app.delivery import worker as worker_module
from app.delivery.claiming import Claiming, claim
from app.delivery.worker import Worker
from app.errors import NotReady
from app.models import webhooks
from app.services.webhooks import disable_webhook
from app.settings import Settings
from app.signatures.keys import new_secret
from app.vault import Vault
from tests.delivery.owing import BODY, VAULT, add_webhook, attempts_at, delivery, owe, quick, reaches, working
from tests.support.receiver import Receiver, answer, drop, hang

IN_FLIGHT = 10


@pytest.fixture(autouse=True)
async def _webhook(database: Database, receiver: Receiver) -> None:
    await add_webhook(database, "w1", url=receiver.url, secret=receiver.secret)


async def test_what_is_owed_arrives_signed_and_is_recorded(database: Database, receiver: Receiver) -> None:
    receiver.replies.append(answer(202, body=b"thanks"))
    await owe(database, "w1", "msg_1")
    async with working(database):
        row = await reaches(database, "msg_1", "delivered")
    [message] = receiver.messages
    assert (message.id, message.body, message.genuine) == ("msg_1", BODY.encode(), True)
    assert (row.attempts, row.leased_until, row.finished_at is None) == (1, None, False)
    [made] = await attempts_at(database, "msg_1")
    assert (made.n, made.status, made.answer, made.error) == (1, 202, "thanks", None)


async def test_a_failure_is_tried_again_with_the_same_id_and_bytes(
    database: Database, receiver: Receiver
) -> None:
    receiver.replies.extend([answer(500), drop])
    await owe(database, "w1", "msg_1")
    async with working(database):
        await reaches(database, "msg_1", "delivered")
    assert [(each.id, each.body, each.genuine) for each in receiver.messages] == [
        ("msg_1", BODY.encode(), True)
    ] * 3
    made = await attempts_at(database, "msg_1")
    assert [(each.n, each.status, bool(each.error)) for each in made] == [
        (1, 500, False),
        (2, None, True),
        (3, 200, False),
    ]


async def test_after_the_last_attempt_it_is_dead_and_says_why(database: Database, receiver: Receiver) -> None:
    receiver.always = answer(500, body=b"no")
    await owe(database, "w1", "msg_1")
    async with working(database):
        await reaches(database, "msg_1", "dead")
    assert [each.answer for each in await attempts_at(database, "msg_1")] == ["no"] * 3
    assert len(receiver.messages) == 3


async def test_retry_after_is_kept(database: Database, receiver: Receiver) -> None:
    receiver.replies.append(answer(503, headers={"Retry-After": "3600"}))
    await owe(database, "w1", "msg_1")
    async with working(database):
        row = await reaches(database, "msg_1", "owed", attempts=1)
    assert abs(row.due_at - clock.now() - timedelta(hours=1)) < timedelta(seconds=30)


async def test_a_receiver_that_is_gone_is_left_alone(database: Database, receiver: Receiver) -> None:
    receiver.always = answer(410)
    await owe(database, "w1", "msg_1")
    await owe(database, "w1", "msg_2", due_at=clock.now() + timedelta(hours=1))
    async with working(database):
        await reaches(database, "msg_1", "held", attempts=1)
    assert (await delivery(database, "msg_2")).state == "held"
    webhook = await database.read(lambda c: c.execute(select(webhooks)).one())
    assert (webhook.enabled, webhook.disabled_reason) == (False, "The receiver answered 410 Gone.")


async def test_many_that_hear_gone_at_once_do_not_lock_each_other_out(
    database: Database, receiver: Receiver
) -> None:
    receiver.always = answer(410, after=0.05)
    ids = [f"msg_{n}" for n in range(IN_FLIGHT)]
    await owe(database, "w1", *ids)
    async with working(database):
        for each in ids:
            await reaches(database, each, "held", attempts=1)


async def test_disabled_while_in_flight(database: Database, receiver: Receiver) -> None:
    """What arrived all the same is delivered; what did not is held."""
    receiver.replies.extend([answer(200, after=0.2), answer(500, after=0.2)])
    await owe(database, "w1", "msg_1", "msg_2")
    async with working(database):
        messages = [each.id for each in await receiver.received(2)]
        await database.write(
            lambda c: disable_webhook(c, "acme", "w1", reason="by hand", by="me", now=clock.now())
        )
        await reaches(database, messages[0], "delivered")
        await reaches(database, messages[1], "held", attempts=1)
    assert len(receiver.messages) == 2


async def test_a_refused_address_is_never_connected_to(database: Database, receiver: Receiver) -> None:
    await owe(database, "w1", "msg_1")
    async with working(database, quick(webhook_allow_cidrs=())):
        await reaches(database, "msg_1", "dead")
    assert receiver.connections == 0
    assert {each.error for each in await attempts_at(database, "msg_1")} == {
        "the host has an address that webhooks may not reach"
    }


async def test_a_secret_that_does_not_open_is_a_failed_attempt(
    database: Database, receiver: Receiver
) -> None:
    await owe(database, "w1", "msg_1")
    async with working(database, vault=Vault(b"x" * 32)):
        await reaches(database, "msg_1", "dead")
    assert receiver.messages == []
    assert "HANDRAISER_SECRET_KEY" in (await attempts_at(database, "msg_1"))[0].error


async def test_a_dead_receiver_holds_up_nobody_else(database: Database, receiver: Receiver) -> None:
    async with Receiver(new_secret(), always=hang) as dead:
        await add_webhook(database, "w2", url=dead.url, secret=dead.secret)
        await owe(database, "w2", *(f"dead_{n}" for n in range(40)), due_at=clock.now() - timedelta(hours=1))
        await owe(database, "w1", *(f"msg_{n}" for n in range(40)))
        async with working(database, quick(webhook_timeout=2.5, webhook_concurrency=IN_FLIGHT + 4)):
            await receiver.received(40, within=2)
        assert 0 < len(dead.messages) < IN_FLIGHT


async def test_two_workers_send_each_delivery_once(database: Database, receiver: Receiver) -> None:
    for n in range(5):
        await add_webhook(database, f"many{n}", url=receiver.url, secret=receiver.secret)
        await owe(database, f"many{n}", *(f"msg_{n}_{m}" for m in range(20)))
    async with working(database), working(database):
        await receiver.received(100)
    assert len({message.id for message in receiver.messages}) == len(receiver.messages) == 100


async def test_attempts_that_end_within_a_moment_share_the_next_claim(
    database: Database, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shown to fail by a worker that claims as soon as one has ended."""
    monkeypatch.setattr(worker_module, "GATHERING", 2)
    monkeypatch.setattr(worker_module, "POLL_SECONDS", 600)
    receiver.replies.extend(answer(after=0.05 * n) for n in range(IN_FLIGHT))
    claimed: list[int] = []

    def counted(*given: Any, **named: Any) -> Claiming:
        found = claim(*given, **named)
        claimed.append(len(found.claims))
        return found

    monkeypatch.setattr(worker_module, "claim", counted)
    await owe(database, "w1", *(f"msg_{n}" for n in range(2 * IN_FLIGHT)))
    async with working(database):
        await receiver.received(2 * IN_FLIGHT)
    assert [each for each in claimed if each] == [IN_FLIGHT, IN_FLIGHT]


async def test_waking_up(database: Database, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "POLL_SECONDS", 600)
    await owe(database, "w1", "msg_1")
    async with working(database) as worker:
        await reaches(database, "msg_1", "delivered")
        await owe(database, "w1", "msg_2")
        worker.wake()
        await receiver.received(2)


async def test_stopping_lets_what_is_in_flight_arrive(database: Database, receiver: Receiver) -> None:
    receiver.replies.append(answer(200, after=0.3))
    await owe(database, "w1", "msg_1")
    async with working(database):
        await receiver.received(1)
    assert (await delivery(database, "msg_1")).state == "delivered"


@pytest.mark.parametrize("how", ["stop", "cancel"])
async def test_what_takes_too_long_is_given_back(
    database: Database, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(worker_module, "GRACE_SECONDS", 0.1)
    receiver.always = hang
    await owe(database, "w1", "msg_1")
    worker = Worker(database, VAULT, quick())
    task = asyncio.create_task(worker.run())
    await receiver.received(1)
    if how == "cancel":
        task.cancel()
    await worker.stop()
    await asyncio.gather(task, return_exceptions=True)
    row = await delivery(database, "msg_1")
    assert (row.state, row.leased_until, row.attempts) == ("owed", None, 0)


async def test_a_lease_that_could_run_out_in_flight_stops_the_start(database: Database) -> None:
    with pytest.raises(NotReady, match="more than 35 s"):
        Worker(database, VAULT, Settings(webhook_timeout=15, webhook_lease=35))
