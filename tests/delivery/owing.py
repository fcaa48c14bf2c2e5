"""What the tests of delivery start from, and how they look at what became of it."""

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Executable, Row, insert, select

from app import clock, store
from app.db import Database
from app.delivery.worker import Worker
from app.models import attempts, deliveries, programs
from app.settings import Settings
from app.vault import Vault

VAULT = Vault(b"k" * 32)
VAULT_KEY = base64.b64encode(b"k" * 32).decode()
WEBHOOK = {
    "format": "json",
    "headers": {},
    "max_in_flight": 10,
    "per_second": 50,
    "ordered": False,
}
BODY = '{"type":"handoff.opened","data":{"partner":"Zürich €"}}'


def add_program(connection: Connection, program: str = "acme") -> None:
    """A program."""
    connection.execute(insert(programs).values(id=program, name=program, created_at=clock.now()))


async def execute(database: Database, statement: Executable) -> None:
    """Run one statement, in a transaction of its own."""

    def work(connection: Connection) -> None:
        connection.execute(statement)

    await database.write(work)


async def add_webhook(
    database: Database, webhook: str, *, url: str, secret: str, enabled: bool = True, **settings: Any
) -> None:
    """A webhook of `acme`, unless said otherwise."""
    now = clock.now()
    values = {"id": webhook, "program": "acme", "url": url, "types": [], "enabled": enabled, **settings}

    def add(connection: Connection) -> None:
        store.webhooks.add(connection, **(WEBHOOK | values), created_at=now)
        store.webhooks.add_secret(connection, webhook, secret=VAULT.seal(secret), created_at=now)

    await database.write(add)


async def owe(
    database: Database,
    webhook: str,
    *ids: str,
    due_at: datetime | None = None,
    partner: str | None = "p1",
    first: int = 1,
    type_: str = "handoff.opened",
    program: str = "acme",
) -> None:
    """Deliveries owed to a webhook, due at once unless said otherwise, numbered from `first`."""
    now = clock.now()
    shared = {"program": program, "webhook": webhook, "type": type_, "partner": partner, "body": BODY}
    rows = [
        {**shared, "id": each, "created_at": now, "due_at": due_at or now, "sequence": first + place}
        for place, each in enumerate(ids)
    ]
    await database.write(lambda c: store.deliveries.add(c, rows))


def quick(**values: Any) -> Settings:
    """Settings with which everything happens at once."""
    return Settings(
        **{
            "webhook_allow_cidrs": ("127.0.0.0/8",),
            "webhook_retry_schedule": (0, 0, 0),
            "webhook_timeout": 5,
            "webhook_lease": 60,
            **values,
        }
    )


@asynccontextmanager
async def working(
    database: Database, settings: Settings | None = None, *, vault: Vault = VAULT
) -> AsyncIterator[Worker]:
    """A worker that is at work."""
    worker = Worker(database, vault, settings or quick())
    task = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        await worker.stop()
        await task


async def reaches(
    database: Database, id_: str, state: str, *, attempts: int = 0, within: float = 10
) -> Row[Any]:
    """Wait until a delivery is in `state` after at least so many attempts."""
    async with asyncio.timeout(within):
        while True:
            row = await delivery(database, id_)
            if row.state == state and row.attempts >= attempts:
                return row
            await asyncio.sleep(0.01)


async def until(is_so: Callable[[], Awaitable[bool]], *, within: float = 10) -> None:
    """Wait for it."""
    async with asyncio.timeout(within):
        while True:
            if await is_so():
                return
            await asyncio.sleep(0.01)


async def delivery(database: Database, id_: str) -> Row[Any]:
    """A delivery as it is stored."""
    return await database.read(lambda c: c.execute(select(deliveries).where(deliveries.c.id == id_)).one())


async def attempts_at(database: Database, id_: str) -> list[Row[Any]]:
    """The attempts at it, first to last."""
    query = select(attempts).where(attempts.c.delivery == id_).order_by(attempts.c.n)
    return await database.read(lambda c: list(c.execute(query)))
