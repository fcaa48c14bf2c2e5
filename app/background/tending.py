"""What deliveries need beside being sent: held when a webhook is disabled, replayed, in the end forgotten."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import structlog

from app import clock, store
from app.db import Database
from app.errors import DatabaseAway, Overloaded
from app.log import fault
from app.services.replaying import go_on
from app.settings import Settings

log = structlog.get_logger()

POLL_SECONDS = 1.0
FORGETTING_SECONDS = 60.0
AT_ONCE = 1_000
"""Rows per transaction."""


async def tend(database: Database, settings: Settings, *, wake: Callable[[], None]) -> None:
    """Hold, replay and forget, in short transactions, for ever; any number of processes may do so."""
    forgotten_at = float("-inf")
    loop = asyncio.get_running_loop()
    while True:
        try:
            await hold_all(database)
            await replay_all(database, wake=wake)
            if loop.time() - forgotten_at >= FORGETTING_SECONDS:
                await forget(database, settings)
                forgotten_at = loop.time()
        except (DatabaseAway, Overloaded):
            log.warning("tending waits: the database is away")
        except Exception as error:
            fault("tending failed", error)
        await asyncio.sleep(POLL_SECONDS)


async def hold_all(database: Database) -> None:
    """Hold what is owed to disabled webhooks."""
    for webhook in await database.read(store.held.to_hold):
        holding = partial(store.held.hold, webhook=webhook, limit=AT_ONCE)
        while await database.write(holding) == AT_ONCE:
            pass


async def replay_all(database: Database, *, wake: Callable[[], None]) -> None:
    """Do what is left of every replay."""
    for webhook, n in await database.read(store.replays.running):
        while await database.write(partial(go_on, webhook=webhook, n=n, now=clock.now())):
            wake()


async def forget(database: Database, settings: Settings) -> None:
    """Delete what was delivered long ago, old attempts, and what there was of deleted webhooks."""
    await forget_deleted(database)
    now = clock.now()
    delivered = now - timedelta(days=settings.keep_delivered_days)
    for webhook in await database.read(store.forgetting.hooks):
        some = partial(store.forgetting.forget_deliveries, webhook=webhook, before=delivered, limit=AT_ONCE)
        while await database.write(some) == AT_ONCE:
            pass
    attempts = now - timedelta(days=settings.keep_attempts_days)
    old = partial(store.forgetting.forget_attempts, before=attempts, limit=AT_ONCE)
    while await database.write(old) == AT_ONCE:
        pass


async def forget_deleted(database: Database) -> None:
    """Delete what is left of deleted webhooks: at once, it would hold up whoever announces something."""
    for webhook in await database.read(store.forgetting.deleted):
        some = partial(store.forgetting.forget_of_deleted, webhook=webhook, limit=AT_ONCE)
        while await database.write(some) == AT_ONCE:
            pass
        await database.write(partial(store.forgetting.forget_webhook, webhook=webhook))
