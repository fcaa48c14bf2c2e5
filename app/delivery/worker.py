"""The worker: claims what is owed, sends it with no transaction open, judges what came, settles."""

import asyncio
import base64
import json
import random
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import structlog
from sqlalchemy import Connection

from app import clock
from app.db import Database
from app.delivery.claiming import Claim, Claiming, claim
from app.delivery.client import Client, Request
from app.delivery.judge import Delivered, judge
from app.delivery.limits import Limits
from app.delivery.measures import ATTEMPTS, IN_FLIGHT, SECONDS
from app.delivery.reply import Failure, Reply
from app.delivery.settle import Attempt, Outcome
from app.delivery.settler import Settler, pauses
from app.delivery.signing import KEYS_READY, signed_headers
from app.errors import DatabaseAway, NotReady, Overloaded, Problem
from app.log import fault
from app.services.addresses import networks
from app.services.chat.render import render
from app.settings import Settings
from app.store import claims, deliveries
from app.store.deliveries import PING
from app.vault import Vault

POLL_SECONDS = 1.0
GRACE_SECONDS = 5.0
GATHERING = 0.003
"""Seconds in which more attempts may end before the next claim, of what would take all the room there is."""
UNSETTLED = 4
"""How many times what may be in flight may wait to be written down; then nothing more is claimed."""
HEARTBEATS = 6
"""How often a lease is renewed before it would run out."""

_dice = random.Random()

log = structlog.get_logger()


@dataclass
class _Flight:
    claim: Claim
    sending: bool = True


class Worker:
    """Delivers until it is stopped; any number may run on one database, in any number of processes."""

    def __init__(
        self, database: Database, vault: Vault, settings: Settings, *, concurrency: int | None = None
    ) -> None:
        _check_lease(settings)
        self._database = database
        # A secret is opened once; what signs now is looked up for each claim.
        self._opened = lru_cache(KEYS_READY)(vault.open)
        self._schedule = settings.webhook_retry_schedule
        self._concurrency = concurrency or settings.webhook_concurrency
        self._lease = timedelta(seconds=settings.webhook_lease)
        self._public_url = settings.public_url
        self._client = Client(
            networks(settings.webhook_allow_cidrs),
            timeout=settings.webhook_timeout,
            connections=self._concurrency,
        )
        self._settler = Settler(database, patience=timedelta(seconds=settings.webhook_disable_after))
        self._limits = Limits()
        self._flights: dict[asyncio.Task[None], _Flight] = {}
        self._awake = asyncio.Event()
        self._waking: asyncio.TimerHandle | None = None
        self._cut_short = False
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
        beating = asyncio.create_task(self._beat())
        try:
            async with self._client:
                try:
                    await self._work()
                finally:
                    await self._finish()
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)
            self._stopped.set()

    async def stop(self) -> None:
        """Claim nothing more, finish what is in flight or give it back, and return when that is done."""
        self._stopping = True
        self.wake()
        await self._stopped.wait()

    async def _work(self) -> None:
        waits = pauses()
        while not self._stopping:
            self._awake.clear()
            try:
                more = await self._claim()
            except (DatabaseAway, Overloaded):
                log.warning("deliveries_wait_for_database")
                await self._rest(next(waits))
            except Exception as error:
                # Nobody would notice a worker that is no more; one that complains is noticed.
                fault("claim_failed", error)
                await self._rest(next(waits))
            else:
                waits = pauses()
                if not more:
                    refilled = self._limits.refilled_in(now=time.monotonic())
                    await self._rest(min(POLL_SECONDS, refilled))

    async def _claim(self) -> bool:
        """Fill the room there is; whether there is more. Whoever is answered makes room, and wakes us."""
        # Until it is known, whoever ends meanwhile has us look again.
        self._cut_short = True
        room = self._room()
        if room <= 0:
            return False
        now = time.monotonic()

        def work(connection: Connection) -> Claiming:
            return claim(connection, room, limits=self._limits, lease=self._lease, loop_time=now)

        claiming = await self._database.write(work)
        self._cut_short = claiming.cut_short
        for each in claiming.claims:
            self._limits.begin(each.webhook, now=time.monotonic())
            IN_FLIGHT.inc()
            self._launch(each)
        for row in claiming.given_up:
            log.error("delivery_given_up", delivery=row.id, webhook=row.webhook, program=row.program)
        return claiming.more

    def _room(self) -> int:
        sending = self._limits.in_flight.total()
        return min(self._concurrency - sending, UNSETTLED * self._concurrency - len(self._flights))

    def _launch(self, claimed: Claim) -> None:
        flight = _Flight(claimed)
        task = asyncio.create_task(self._deliver(flight))
        self._flights[task] = flight
        task.add_done_callback(self._landed)

    def _landed(self, task: asyncio.Task[None]) -> None:
        was_full = self._room() <= 0
        flight = self._flights.pop(task)
        self._has_sent(flight)
        if was_full or flight.claim.delivery.sequence is not None:
            # There is room again, or the partner's next message may go.
            self.wake()
        if not task.cancelled() and (error := task.exception()):
            fault("attempt_lost", error, delivery=flight.claim.delivery.id)

    def _has_sent(self, flight: _Flight) -> None:
        """Make room for the next, while what came of this one is still being written down."""
        if flight.sending:
            flight.sending = False
            IN_FLIGHT.dec()
            self._limits.end(flight.claim.webhook)
            if self._cut_short:
                self._wake_soon()

    def _wake_soon(self) -> None:
        """A claim takes milliseconds, for one delivery or for many: so not one for each attempt that ends."""
        if self._waking is None:
            self._waking = asyncio.get_running_loop().call_later(GATHERING, self._wake_now)

    def _wake_now(self) -> None:
        self._waking = None
        self.wake()

    async def _deliver(self, flight: _Flight) -> None:
        delivery = flight.claim.delivery
        started_at, start = clock.now(), time.monotonic()
        reply = await self._sent(flight.claim, started_at)
        self._has_sent(flight)
        seconds = time.monotonic() - start
        ruling = judge(
            reply,
            attempts=delivery.attempts - delivery.uncounted + 1,
            # A ping asks whether it works now.
            schedule=self._schedule[:1] if delivery.type == PING else self._schedule,
            luck=_dice.random(),
            now=clock.now(),
        )
        SECONDS.observe(seconds)
        ATTEMPTS.labels(delivery.webhook, "success" if isinstance(ruling, Delivered) else "failure").inc()
        await self._settler.settle(
            Outcome(flight.claim, Attempt(started_at, round(seconds * 1000), reply), ruling)
        )

    async def _sent(self, claimed: Claim, at: datetime) -> Reply:
        try:
            return await self._client.send(self._request(claimed, at))
        except Problem as problem:
            return Failure(problem.detail)
        except Exception as error:
            # Counted like any other failure, so that a message that breaks us ends up dead, not in a loop.
            fault("attempt_failed", error, delivery=claimed.delivery.id)
            return Failure(f"internal error: {type(error).__name__}")

    def _request(self, claimed: Claim, at: datetime) -> Request:
        delivery, body = claimed.delivery, self._body(claimed)
        own = {
            name: self._opened(base64.b64decode(sealed)) for name, sealed in claimed.webhook.headers.items()
        }
        secrets = [self._opened(each) for each in claimed.secrets]
        signed = signed_headers(delivery.id, at, body=body, secrets=secrets)
        replayed = {"webhook-replay": "true"} if delivery.replayed_at else {}
        return Request(claimed.webhook.url, {**own, **replayed, **signed}, body)

    def _body(self, claimed: Claim) -> bytes:
        """The frozen bytes; for a chat, what they say there."""
        stored: str = claimed.delivery.body
        if claimed.webhook.format == "json":
            return stored.encode()
        message = json.loads(stored)
        card = render(claimed.webhook.format, message["type"], message["data"], public_url=self._public_url)
        return json.dumps(card, ensure_ascii=False).encode()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._lease.total_seconds() / HEARTBEATS)
            try:
                await self._renew()
            except (DatabaseAway, Overloaded):
                log.warning("leases_wait_for_database")
            except Exception as error:
                fault("renewal_failed", error)

    async def _renew(self) -> None:
        flights = [(task, flight) for task, flight in self._flights.items() if flight.sending]
        if not flights:
            return
        mine = [flight.claim.claimed for _, flight in flights]

        def work(connection: Connection) -> set[str]:
            until = deliveries.database_now(connection) + self._lease
            return claims.renew(connection, mine, until=until)

        still = await self._database.write(work)
        for task, flight in flights:
            if flight.claim.delivery.id not in still and flight.sending:
                log.warning("lease_lost", delivery=flight.claim.delivery.id)
                task.cancel()

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._awake.wait()

    async def _finish(self) -> None:
        if self._flights:
            _, late = await asyncio.wait(self._flights, timeout=GRACE_SECONDS)
            back = [self._flights[task].claim.claimed for task in late]
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
            # If the database is away now, the leases run out by themselves.
            with suppress(DatabaseAway, Overloaded):
                await self._database.write(lambda c: claims.release(c, back))
        await self._settler.close()


def _check_lease(settings: Settings) -> None:
    shortest = 2 * settings.webhook_timeout + 5
    if settings.webhook_lease <= shortest:
        raise NotReady(
            f"HANDRAISER_WEBHOOK_LEASE must be more than {shortest:g} s (twice the timeout, and 5 s): "
            f"with {settings.webhook_lease:g} s a delivery could be sent twice at once."
        )
