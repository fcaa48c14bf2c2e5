"""Keeping the ledger to an age: begun anew now and then, in transactions that are over soon."""

import asyncio
from functools import partial

import structlog

from app import clock, store
from app.db import Database
from app.errors import Conflict, DatabaseAway, Overloaded
from app.log import fault
from app.services.pruning import begin_pruning, prune_some

log = structlog.get_logger()

SECONDS = 3600.0
"""Between two rounds; a day falls out of the ledger at a time."""


async def keep_ledgers(database: Database, *, days: int | None) -> None:
    """Prune what is older than so many days from every ledger, for ever; nothing if None."""
    while days is not None:
        try:
            for program in await database.read(store.programs.ids):
                await prune_ledger(database, program, days=days)
        except (DatabaseAway, Overloaded):
            log.warning("pruning waits: the database is away")
        except Conflict as waits:
            log.warning("pruning waits", reason=waits.detail)
        except Exception as error:
            fault("pruning failed", error)
        await asyncio.sleep(SECONDS)


async def prune_ledger(database: Database, program: str, *, days: int) -> int:
    """Prune one program's ledger; how many events. Raises NotFound and Conflict."""
    now = clock.now()
    await database.write(partial(begin_pruning, program=program, days=days, now=now))
    pruned = 0
    while some := await database.write(partial(prune_some, program=program)):
        pruned += some
    return pruned
