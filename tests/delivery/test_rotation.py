"""Secrets change while messages are under way."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from app import clock
from app.db import Database
from app.models import webhook_secrets
from app.services.webhooks import rotate_secret
from app.signatures.verifier import VerificationError, verify
from tests.delivery.owing import VAULT, add_webhook, execute, owe, working
from tests.support.receiver import Message, Receiver, answer


async def rotate(database: Database) -> str:
    made = await database.write(
        lambda c: rotate_secret(c, VAULT, "acme", "w1", expire_previous=False, now=clock.now())
    )
    return made.secret


def knows(secrets: list[str], message: Message) -> bool:
    """Whether a receiver with these secrets takes the message."""
    for each in secrets:
        try:
            verify(message.headers, message.body, each)
        except VerificationError:
            continue
        return True
    return False


@pytest.fixture(autouse=True)
async def _webhook(database: Database, receiver: Receiver) -> None:
    await add_webhook(database, "w1", url=receiver.url, secret=receiver.secret)


async def test_in_the_overlap_all_verify_after_it_only_the_new(
    database: Database, receiver: Receiver
) -> None:
    """Fault 29. Shown to fail by a worker that signs with the newest secret only."""
    receiver.always = answer(200, after=0.02)
    await owe(database, "w1", *(f"before_{n}" for n in range(30)))
    async with working(database) as worker:
        await receiver.received(5)
        old, new = receiver.secret, await rotate(database)
        rotated_at = len(receiver.messages)
        await owe(database, "w1", *(f"between_{n}" for n in range(10)))
        worker.wake()
        await receiver.received(40)
        ended = update(webhook_secrets).where(webhook_secrets.c.expires_at.is_not(None))
        await execute(database, ended.values(expires_at=clock.now() - timedelta(seconds=1)))
        await owe(database, "w1", "after_1", "after_2")
        worker.wake()
        messages = await receiver.received(42)
    overlap = [each for each in messages if each.id.startswith("between")]
    assert all(knows([old], each) and knows([new], each) and knows([new, old], each) for each in overlap)
    assert all(knows([old], each) for each in messages[:40])
    assert rotated_at < 40
    after = [each for each in messages if each.id.startswith("after")]
    assert [(knows([new], each), knows([old], each)) for each in after] == [(True, False)] * 2
