"""Clients that send a storm's events while something is killed, until each is acknowledged."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import httpx2
from sqlalchemy import select

from app.db import open_database
from app.models import events
from app.settings import Settings
from tests.proof.accounting import Account
from tests.proof.storm import Event, Storm

KILLS = 3
SENDERS = 4


@dataclass
class Campaign:
    """What is sent, to whom, and how it is disturbed."""

    client: Callable[[], httpx2.AsyncClient]
    disturb: Callable[[], Awaitable[None]]
    storm: Storm
    account: Account = field(default_factory=Account)
    refusals: list[httpx2.Response] = field(default_factory=list)

    async def runs(self) -> None:
        """Send everything while disturbed, then whatever was not acknowledged."""
        ids = list(self.storm.events)
        disturbing = asyncio.create_task(self._disturb_now_and_then())
        async with asyncio.TaskGroup() as group:
            for n in range(SENDERS):
                dice = random.Random(self.storm.seed + n)
                group.create_task(self._send(ids[n::SENDERS], dice, disturbing))
        await disturbing

    async def _disturb_now_and_then(self) -> None:
        dice = random.Random(self.storm.seed)
        for _ in range(KILLS):
            await asyncio.sleep(dice.uniform(0.1, 0.8))
            await self.disturb()

    async def _send(self, ids: list[str], dice: random.Random, disturbing: asyncio.Task[None]) -> None:
        """Batches of all sizes; while there is more to come, also what was acknowledged long ago."""
        async with self.client() as client:
            waiting = list(ids)
            while waiting or not disturbing.done():
                size = dice.choice([1, 1, 10, 60])
                batch = (waiting or dice.sample(ids, min(size, len(ids))))[:size]
                if await self._post(client, [self.storm.events[id_] for id_ in batch]):
                    waiting = waiting[size:]
                else:
                    await asyncio.sleep(0.05)

    async def _post(self, client: httpx2.AsyncClient, batch: list[Event]) -> bool:
        ids = [event["id"] for event in batch]
        self.account.send(ids)
        try:
            answer = await client.post("/v1/events", json=batch)
        except httpx2.TransportError:
            self.account.hear_nothing(ids)
            return False
        if answer.status_code != 200:
            self.refusals.append(answer)
            self.account.hear_nothing(ids)
            return False
        self.account.hear(answer.json()["results"])
        return True


async def stored_ids(url: str) -> list[str]:
    """The ids in the ledger."""
    database = open_database(Settings(database_url=url))
    try:
        return await database.read(lambda c: list(c.scalars(select(events.c.id))))
    finally:
        await database.close()
