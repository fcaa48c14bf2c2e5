"""What receivers answer, end to end: how long they are left alone, and who is left alone for good."""

import asyncio
from datetime import datetime, timedelta
from email.utils import format_datetime

import pytest

from app import clock
from app.db import Database
from tests.delivery.owing import add_webhook, owe, quick, reaches, working
from tests.support.receiver import Receiver, answer, drop

NEVER = 86_400.0


@pytest.fixture(autouse=True)
async def _webhook(database: Database, receiver: Receiver) -> None:
    await add_webhook(database, "w1", url=receiver.url, secret=receiver.secret)


def in_an_hour(now: datetime) -> str:
    return format_datetime(now + timedelta(hours=1), usegmt=True)


def yesterday(now: datetime) -> str:
    return format_datetime(now - timedelta(days=1), usegmt=True)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        ("3600", 3600),
        ("3600.4", 3600.4),
        (in_an_hour, 3600),
        (yesterday, 600),
        ("1000000000", NEVER),
        ("soon", 600),
        ("-5", 600),
    ],
)
async def test_retry_after(
    database: Database, receiver: Receiver, status: int, retry_after: object, seconds: float
) -> None:
    """Fault 24. Shown to fail by a judge that takes Retry-After as it is: 10^9 s is not a day."""
    now = clock.now()
    value = retry_after(now) if callable(retry_after) else str(retry_after)
    receiver.replies.append(answer(status, headers={"Retry-After": value}))
    await owe(database, "w1", "msg_1")
    # The schedule's own wait is 600 s, spread by a fifth.
    async with working(database, quick(webhook_retry_schedule=(0, 600, 600))):
        row = await reaches(database, "msg_1", "owed", attempts=1)
    waits = (row.due_at - now).total_seconds()
    assert 0.8 * seconds - 5 <= waits <= max(seconds, 720) + 30
    if seconds > 720:
        assert abs(waits - seconds) < 30


async def test_a_long_wait_of_one_message_is_not_one_of_the_webhook(
    database: Database, receiver: Receiver
) -> None:
    receiver.replies.append(answer(429, headers={"Retry-After": "1000000000"}))
    await owe(database, "w1", "msg_1")
    async with working(database) as worker:
        await reaches(database, "msg_1", "owed", attempts=1)
        await owe(database, "w1", "msg_2")
        worker.wake()
        await reaches(database, "msg_2", "delivered")


async def test_an_answer_that_never_came(
    database: Database, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 25: the same message again, signed anew. Shown to fail by an id made for each attempt."""
    began, loop = clock.now(), asyncio.get_running_loop()
    start = loop.time()
    # A thousand times as fast, so that the second attempt is in another second.
    monkeypatch.setattr(clock, "now", lambda: began + timedelta(seconds=1000 * (loop.time() - start)))
    receiver.replies.append(drop)
    await owe(database, "w1", "msg_1")
    async with working(database):
        first, second = await receiver.received(2)
    assert (first.id, first.body) == (second.id, second.body)
    assert int(first.headers["webhook-timestamp"]) < int(second.headers["webhook-timestamp"])
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]
