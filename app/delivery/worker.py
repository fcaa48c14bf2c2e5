"""The worker: claims what is owed, sends it with no transaction open, judges what came, settles."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import chain, repeat

import structlog
from sqlalchemy import Connection

from app import clock
from app.db import Database
from app.delivery.client import Client, Request
from app.delivery.judge import Dead, Gone, Ruling, judge
from app.delivery.reply import Failure, Reply
from app.delivery.settle import Attempt, settle
from app.delivery.signing import signed_headers
from app.errors import DatabaseAway, NotReady, Problem
from app.services.addresses import networks
from app.settings import Settings
from app.store import deliveries
from app.store.deliveries import DeliveryRow
from app.vault import Vault

POLL_SECONDS = 1.0
GRACE_SECONDS = 5.0
PAUSES = (0.2, 0.4, 0.8, 1.6, 3.2, 5.0)

# Of our own: the module's shared state is for whoever seeds it.
_dice = random.Random()

log = structlog.get_logger()


class Worker:
    """Delivers until it is stopped; any number may run on one database, in any number of processes."""

    def __init__(self, database: Database, vault: Vault, settings: Settings) -> None:
        _check_lease(settings)
        self._database = database
        self._vault = vault
        self._schedule = settings.webhook_retry_schedule
        self._concurrency = settings.webhook_concurrency
        self._lease = timedelta(seconds=settings.webhook_lease)
        self._client = Client(
            networks(settings.webhook_allow_cidrs),
            timeout=settings.webhook_timeout,
            connections=settings.webhook_concurrency,
        )
        self._in_flight: dict[asyncio.Task[None], DeliveryRow] = {}
        self._awake = asyncio.Event()
        self._stopping = False
        self._stopped = asyncio.Event()
        self._stopped.set()

    def wake(self) -> None:
        """Look for work now, not at the next poll: something that is owed has just been committed.

        Only from the worker's own event loop.
        """
        self._awake.set()

    async def run(self) -> None:
        """Deliver until `stop` or cancellation; a database that is away is waited for."""
        self._stopped.clear()
        try:
            async with self._client:
                try:
                    await self._work()
                finally:
                    await self._finish()
        finally:
            self._stopped.set()

    async def stop(self) -> None:
        """Claim nothing more, finish what is in flight or give it back, and return when that is done."""
        self._stopping = True
        self.wake()
        await self._stopped.wait()

    async def _work(self) -> None:
        pauses = _pauses()
        while not self._stopping:
            self._awake.clear()
            try:
                await self._claim()
            except DatabaseAway:
                log.warning("deliveries_wait_for_database")
                await self._rest(next(pauses))
            except Exception:
                # Nobody would notice a worker that is no more; one that complains is noticed.
                log.exception("claim_failed")
                await self._rest(next(pauses))
            else:
                pauses = _pauses()
                await self._rest(POLL_SECONDS)

    async def _claim(self) -> None:
        """Fill the room there is; whoever finishes makes room, and wakes us."""
        room = self._concurrency - len(self._in_flight)
        if not room:
            return
        by_webhook = Counter(row.webhook for row in self._in_flight.values())

        def work(connection: Connection) -> list[DeliveryRow]:
            now = deliveries.database_now(connection)
            return deliveries.claim(connection, room, now=now, lease=self._lease, in_flight=by_webhook)

        for row in await self._database.write(work):
            task = asyncio.create_task(self._deliver(row))
            self._in_flight[task] = row
            task.add_done_callback(self._landed)

    def _landed(self, task: asyncio.Task[None]) -> None:
        row = self._in_flight.pop(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("settle_failed", delivery=row.id, exc_info=error)
        self.wake()

    async def _deliver(self, row: DeliveryRow) -> None:
        started_at, start = clock.now(), time.monotonic()
        reply = await self._sent(row, started_at)
        milliseconds = round((time.monotonic() - start) * 1000)
        ruling = judge(
            reply,
            attempts=row.attempts + 1,
            schedule=self._schedule,
            luck=_dice.random(),
            now=clock.now(),
        )
        await self._settle(row, Attempt(started_at, milliseconds, reply), ruling)

    async def _sent(self, row: DeliveryRow, at: datetime) -> Reply:
        try:
            body = row.body.encode()
            headers = signed_headers(row.id, at, body=body, secrets=[self._vault.open(row.secret)])
            return await self._client.send(Request(row.url, headers, body))
        except Problem as problem:
            return Failure(problem.detail)
        except Exception as error:
            # Counted like any other failure, so that a message that breaks us ends up dead, not in a loop.
            log.exception("attempt_failed", delivery=row.id)
            return Failure(f"internal error: {type(error).__name__}")

    async def _settle(self, row: DeliveryRow, attempt: Attempt, ruling: Ruling) -> None:
        pauses = _pauses()
        while True:
            try:
                kept = await self._database.write(lambda c: settle(c, row, attempt=attempt, ruling=ruling))
            except DatabaseAway:
                await asyncio.sleep(next(pauses))
            else:
                _report(row, ruling, kept=kept)
                return

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._awake.wait()

    async def _finish(self) -> None:
        if not self._in_flight:
            return
        _, late = await asyncio.wait(self._in_flight, timeout=GRACE_SECONDS)
        rows = [self._in_flight[task] for task in late]
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        # If the database is away now, the leases run out by themselves.
        with suppress(DatabaseAway):
            await self._database.write(lambda c: deliveries.release(c, [(row.id, row.fence) for row in rows]))


def _check_lease(settings: Settings) -> None:
    shortest = 2 * settings.webhook_timeout + 5
    if settings.webhook_lease <= shortest:
        raise NotReady(
            f"HANDRAISER_WEBHOOK_LEASE must be more than {shortest:g} s (twice the timeout, and 5 s): "
            f"with {settings.webhook_lease:g} s a delivery could be sent twice at once."
        )


def _pauses() -> Iterator[float]:
    """Seconds between tries to reach the database: growing, spread, without end."""
    return (_dice.uniform(0.5, 1) * pause for pause in chain(PAUSES, repeat(PAUSES[-1])))


def _report(row: DeliveryRow, ruling: Ruling, *, kept: bool) -> None:
    if not kept:
        log.warning("stale_attempt_discarded", delivery=row.id, webhook=row.webhook)
    match ruling:
        case Gone(reason=reason):
            log.warning("webhook_disabled", webhook=row.webhook, program=row.program, reason=reason)
        case Dead() if kept:
            log.warning("delivery_dead", delivery=row.id, webhook=row.webhook, program=row.program)
        case _:
            pass
