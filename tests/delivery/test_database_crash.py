"""PostgreSQL ends as a crash would, under a worker in a process of its own, and comes back."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest
from sqlalchemy import update

from app.db import Database, open_database
from app.migrate import upgrade
from app.models import webhooks
from app.settings import Settings
from tests.delivery.owing import VAULT_KEY, add_program, add_webhook, execute, owe, reaches
from tests.support.postgres import Postgres, postgres_server
from tests.support.receiver import Receiver, answer
from tests.support.server import HANDRAISER, environment

RECONNECTED = 15
"""Seconds after the database's return in which deliveries must go on."""

IDS = [f"msg_{n}" for n in range(600)]


@pytest.fixture(scope="module")
def durable() -> Iterator[Postgres]:
    """A PostgreSQL that keeps what it acknowledged."""
    with postgres_server(durable=True) as server:
        yield server


@pytest.fixture
def durable_url(durable: Postgres) -> str:
    """A migrated database on it."""
    url = durable.create(f"durable_{uuid4().hex}")
    upgrade(url)
    return url


@pytest.fixture
async def owing(durable_url: str, receiver: Receiver) -> AsyncIterator[Database]:
    """A database that owes a lot."""
    database = open_database(Settings(database_url=durable_url))
    await database.write(add_program)
    await add_webhook(database, "w1", url=receiver.url, secret=receiver.secret)
    await execute(database, update(webhooks).values(per_second=1000))
    await owe(database, "w1", *IDS)
    yield database
    await database.close()


async def test_the_worker_goes_on_by_itself(
    durable: Postgres, durable_url: str, owing: Database, receiver: Receiver
) -> None:
    """Fault 3. Shown to fail by a worker that ends with the first DatabaseAway."""
    assert durable.cluster
    receiver.always = answer(200, after=0.02)
    settings = {"WEBHOOK_TIMEOUT": "1", "WEBHOOK_LEASE": "8"}
    worker = await asyncio.create_subprocess_exec(
        HANDRAISER, "work", env=environment(durable_url, SECRET_KEY=VAULT_KEY, **settings)
    )
    await receiver.received(50, within=30)
    durable.cluster.crash()
    # Whatever was answered meanwhile could not be written down.
    await asyncio.sleep(1)
    assert len(receiver.messages) < len(IDS)
    came = len(receiver.messages)
    await durable.cluster.start()
    await receiver.received(came + 1, within=RECONNECTED)
    for each in IDS:
        await reaches(owing, each, "delivered", within=60)
    assert worker.returncode is None
    worker.terminate()
    assert await worker.wait() == 0
    assert {message.id for message in receiver.messages} == set(IDS)
    assert all(message.genuine for message in receiver.messages)
