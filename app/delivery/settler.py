"""Group settling: results that come in while a commit runs go into the next one together."""

import asyncio
import random
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import chain, repeat

import structlog

from app.db import Database
from app.delivery.judge import Dead
from app.delivery.measures import STALE
from app.delivery.settle import Outcome, Settled, settle
from app.errors import DatabaseAway, Overloaded
from app.log import fault
from app.services.webhook_life import tell

log = structlog.get_logger()

MOST = 500
"""Results per transaction."""

GATHERING = 0.03
"""Seconds that a result waits for others: it has been sent, and nobody waits for its being written down."""

PAUSES = (0.2, 0.4, 0.8, 1.6, 3.2, 5.0)

_dice = random.Random()


def pauses() -> Iterator[float]:
    """Seconds between tries to reach the database: growing, spread, without end."""
    return (_dice.uniform(0.5, 1) * pause for pause in chain(PAUSES, repeat(PAUSES[-1])))


class Settler:
    """Settles outcomes; what it was given it does not forget while the database is away."""

    def __init__(self, database: Database, *, patience: timedelta) -> None:
        self._database = database
        self._patience = patience
        self._waiting: deque[tuple[Outcome, asyncio.Future[None]]] = deque()
        self._urgent = asyncio.Event()
        self._draining: asyncio.Task[None] | None = None

    async def settle(self, outcome: Outcome) -> None:
        """Return when the outcome is written down, or found to be another's to write."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((outcome, future))
        if outcome.claim.delivery.sequence is not None or len(self._waiting) >= MOST:
            self._urgent.set()
        if self._draining is None:
            self._draining = asyncio.create_task(self._drain())
        await future

    async def close(self) -> None:
        """Give up what cannot be written."""
        if self._draining is not None:
            self._draining.cancel()
            await asyncio.gather(self._draining, return_exceptions=True)

    async def _drain(self) -> None:
        try:
            while self._waiting:
                await self._gather()
                group = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
                if not self._waiting:
                    self._urgent.clear()
                try:
                    await self._commit([outcome for outcome, _ in group])
                except Exception as error:
                    await self._commit_apart(group, error)
                for _, future in group:
                    if not future.done():
                        future.set_result(None)
        finally:
            self._draining = None

    async def _gather(self) -> None:
        """Let others come, unless the next message of a partner waits for the end of one of these."""
        with suppress(TimeoutError):
            async with asyncio.timeout(GATHERING):
                await self._urgent.wait()

    async def _commit(self, outcomes: Sequence[Outcome]) -> None:
        settled = await self._settled(outcomes)
        for each in outcomes:
            _report(each, kept=each.claim.claimed in settled.kept)
        tell(settled.turns)

    async def _settled(self, outcomes: Sequence[Outcome]) -> Settled:
        for pause in pauses():
            try:
                return await self._database.write(lambda c: settle(c, outcomes, patience=self._patience))
            except (DatabaseAway, Overloaded):
                await asyncio.sleep(pause)
        raise AssertionError("the pauses have no end")

    async def _commit_apart(
        self, group: Sequence[tuple[Outcome, asyncio.Future[None]]], error: Exception
    ) -> None:
        """One by one, so that only the guilty one is left to its lease."""
        if len(group) == 1:
            fault("settle_failed", error, delivery=group[0][0].claim.delivery.id)
            return
        for outcome, _ in group:
            try:
                await self._commit([outcome])
            except Exception as own:
                fault("settle_failed", own, delivery=outcome.claim.delivery.id)


def _report(outcome: Outcome, *, kept: bool) -> None:
    delivery = outcome.claim.delivery
    named = {"delivery": delivery.id, "webhook": delivery.webhook, "program": delivery.program}
    if not kept:
        STALE.inc()
        log.warning("stale_attempt_discarded", **named)
    elif isinstance(outcome.ruling, Dead):
        log.warning("delivery_dead", **named)
