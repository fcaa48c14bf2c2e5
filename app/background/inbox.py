"""Requests of platforms: taken as they come, and again if the process or the database went away over it."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from weakref import WeakValueDictionary

import structlog

from app import clock, store
from app.db import Database, Work
from app.errors import DatabaseAway, Malformed, Overloaded
from app.log import fault
from app.services.receiving import incoming_of, keep_request, note_failure, note_unreadable, take
from app.services.retaking import PATIENCE
from app.services.source_requests import SourceRequest, request_view
from app.services.sources import OpenSource, open_source
from app.settings import Settings
from app.sources.adapter import Incoming
from app.store.source_requests import RequestKey, RequestRow
from app.vault import Vault

log = structlog.get_logger()

ANSWER_SECONDS = 2.0
"""Zoom waits 3 s for an answer, Customer.io 4: what is kept by then is taken, only a little later."""

GRACE_SECONDS = 5.0
SWEEP_SECONDS = 5.0
TRIES = 5
AT_A_TIME = 2
"""Of one program: whoever waits for a program that is held has a connection that others could use."""

AT_ONCE = 100


class Inbox:
    """Keeps and takes the requests that platforms make."""

    def __init__(
        self, database: Database, vault: Vault, settings: Settings, *, wake: Callable[[], None]
    ) -> None:
        self._database = database
        self._vault = vault
        self._settings = settings
        self._wake = wake
        self._taking: set[asyncio.Task[SourceRequest | None]] = set()
        self._programs = Counter[str]()
        self._turns: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._woken = asyncio.Event()

    async def receive(self, source: OpenSource, incoming: Incoming, *, now: datetime) -> SourceRequest | None:
        """Keep a verified request and take it; None if it is kept, and takes a little longer.

        Raises Overloaded if enough are being taken, or it is not kept in time, and DatabaseAway: platforms
        try that again, and it does no harm should the first have been kept after all.
        """
        self._admit(source.program)
        kept = asyncio.Event()
        task = asyncio.create_task(self._keep_and_take(source, incoming, kept, now=now))
        self._taking.add(task)
        self._programs[source.program] += 1
        task.add_done_callback(partial(self._taken, source.program))
        done, _ = await asyncio.wait({task}, timeout=ANSWER_SECONDS)
        if done:
            return task.result()
        if not kept.is_set():
            raise Overloaded("The database is slow. Send this again in a moment.", retry_after=2)
        return None

    def _admit(self, program: str) -> None:
        """Raise Overloaded unless there is room: a program may take as much as it leaves free."""
        mine, free = self._programs[program], self._settings.inbox_limit - len(self._taking)
        if free <= 0 or mine > free:
            raise Overloaded(
                f"{len(self._taking)} requests are being taken, {mine} of them of this program."
                " Send this again in a moment."
            )

    async def retake(self, source: OpenSource, row: RequestRow) -> SourceRequest:
        """Take a kept request again, by the mapping and the settings as they are now."""
        return await self._take(source, row.n, incoming_of(row), received_at=row.received_at)

    def wake(self) -> None:
        """Take what waits now."""
        self._woken.set()

    async def run(self) -> None:
        """Take what is kept and not taken, for ever; any number of processes may do so."""
        while True:
            try:
                await self.sweep()
                await self.forget()
            except (DatabaseAway, Overloaded):
                log.warning("requests of sources wait: the database is away")
            except Exception as error:
                fault("taking requests of sources failed", error)
            with suppress(TimeoutError):
                async with asyncio.timeout(SWEEP_SECONDS):
                    await self._woken.wait()
            self._woken.clear()

    async def sweep(self) -> None:
        """Try once what has waited for too long: programs beside each other, each in its order."""
        before = clock.now() - PATIENCE
        waiting = partial(store.source_requests.waiting, tried_before=before, limit=AT_ONCE)
        while some := await self._database.read(waiting):
            await asyncio.gather(*(self._try_all(requests, before) for requests in some.values()))

    async def _try_all(self, requests: Sequence[RequestKey], before: datetime) -> None:
        for source, n in requests:
            begin = partial(store.source_requests.begin, source=source, n=n, tried_before=before)
            row = await self._database.write(partial(begin, now=clock.now()))
            if row is not None:
                await self._attempt(source, n, partial(self._retake, row), tries=row.tries)

    async def _retake(self, row: RequestRow) -> SourceRequest:
        opened = await self._database.read(partial(open_source, vault=self._vault, source=row.source))
        return await self.retake(opened, row)

    async def forget(self) -> None:
        """Delete what was taken long ago and wholly understood, some at once."""
        before = clock.now() - timedelta(days=self._settings.keep_requests_days)
        for source in await self._database.read(partial(store.source_requests.old, before=before)):
            forget = partial(store.source_requests.forget, source=source, before=before, limit=AT_ONCE)
            while await self._database.write(forget) == AT_ONCE:
                pass

    async def finish(self) -> None:
        """Wait a moment for what is being taken; what is kept and not taken by then waits for a sweep."""
        if self._taking:
            _, late = await asyncio.wait(self._taking, timeout=GRACE_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _keep_and_take(
        self, source: OpenSource, incoming: Incoming, kept: asyncio.Event, *, now: datetime
    ) -> SourceRequest | None:
        n = await self._database.write(partial(keep_request, source=source, incoming=incoming, now=now))
        kept.set()
        taking = partial(self._take, source, n, incoming, received_at=now)
        return await self._attempt(source.id, n, taking, tries=1)

    def _taken(self, program: str, task: asyncio.Task[SourceRequest | None]) -> None:
        self._taking.discard(task)
        self._programs -= Counter([program])  # forgets who has none left
        if not task.cancelled():
            task.exception()  # asked for, or asyncio complains if the answer had gone out before it

    async def _attempt(
        self, source: str, n: int, taking: Callable[[], Awaitable[SourceRequest]], *, tries: int
    ) -> SourceRequest | None:
        """Take a request; None if that failed: it is tried again, and in the end given up."""
        try:
            return await taking()
        except (DatabaseAway, Overloaded) as error:
            log.warning("a request of a source waits", source=source, n=n, reason=error.detail)
        except Exception as error:
            fault("taking a request of a source failed", error, source=source, n=n)
            await self._note_failure(source, n, error, for_good=tries >= TRIES)
        return None

    async def _note_failure(self, source: str, n: int, error: Exception, *, for_good: bool) -> None:
        """So that it is known; if even that fails, it is only tried once more."""
        failed = partial(note_failure, source=source, n=n, error=repr(error), for_good=for_good)
        with suppress(DatabaseAway, Overloaded):
            await self._database.write(failed)

    async def _take(
        self, source: OpenSource, n: int, incoming: Incoming, *, received_at: datetime
    ) -> SourceRequest:
        writing = await self._reading(source, n, incoming, received_at=received_at)
        async with self._turns.setdefault(source.program, asyncio.Semaphore(AT_A_TIME)):
            row = await self._database.write(writing)
        self._wake()
        return request_view(row, source.secrets)

    async def _reading(
        self, source: OpenSource, n: int, incoming: Incoming, *, received_at: datetime
    ) -> Work[RequestRow]:
        """What is to be written: what the request came to, or that it cannot be read."""
        translate = partial(source.adapter.translate, incoming, source.settings, received_at=received_at)
        try:
            # In a thread: a large body takes a while, and nobody else is to wait for it.
            translation = await asyncio.to_thread(translate)
        except Malformed as error:
            return partial(note_unreadable, source=source, n=n, why=error.detail)
        return lambda c: take(c, source, n, translation, now=clock.now())
