"""Group commit: requests that arrive while a program's commit is running go into the next one together."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy.exc import DBAPIError

from app import clock
from app.db import Database
from app.errors import FieldError, Overloaded, Problem
from app.services.recording import Result, record
from app.sources.event import NewEvent

log = structlog.get_logger()

GROUP_EVENTS = 2_000
"""A group takes no further request once it has this many events."""


@dataclass(frozen=True)
class _Waiting:
    events: Sequence[NewEvent]
    answer: asyncio.Future[list[Result]]


class GroupCommitter:
    """Records events, answering each request only after the commit that holds its events."""

    def __init__(self, database: Database, *, limit: int, wake: Callable[[], None]) -> None:
        self._database = database
        self._limit = limit
        self._wake = wake
        self._waiting: dict[str, deque[_Waiting]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._events = 0

    async def record(self, program: str, events: Sequence[NewEvent]) -> list[Result]:
        """A result for each event, durable. Raises Overloaded, DatabaseAway and NotFound."""
        if not events:
            return []
        if self._events and self._events + len(events) > self._limit:
            raise Overloaded(
                f"{self._events} events wait for a commit already. Send these again in a moment."
            )
        waiting = _Waiting(events, asyncio.get_running_loop().create_future())
        self._events += len(events)
        if program in self._waiting:
            self._waiting[program].append(waiting)
        else:
            self._waiting[program] = deque([waiting])
            self._start(program)
        try:
            return await waiting.answer
        finally:
            self._events -= len(events)

    async def finish(self) -> None:
        """Wait until nothing is waiting."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    def _start(self, program: str) -> None:
        task = asyncio.create_task(self._drain(program))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _drain(self, program: str) -> None:
        queue = self._waiting[program]
        while queue:
            group = _next_group(queue)
            try:
                await self._commit(program, group)
            except Exception as error:
                _fail(group, error)
        del self._waiting[program]

    async def _commit(self, program: str, group: Sequence[_Waiting]) -> None:
        try:
            results = iter(await self._record(program, [event for each in group for event in each.events]))
        except Problem:
            raise
        except Exception:
            if len(group) == 1 and len(group[0].events) == 1:
                raise
            await self._commit_apart(program, group)
            return
        for each in group:
            _answer(each, [next(results) for _ in each.events])

    async def _commit_apart(self, program: str, group: Sequence[_Waiting]) -> None:
        """Event by event, so that only the guilty one fails."""
        log.warning("group failed; its events are recorded one by one", program=program)
        for each in group:
            try:
                _answer(each, [await self._record_one(program, event) for event in each.events])
            except Exception as error:
                _fail([each], error)

    async def _record_one(self, program: str, event: NewEvent) -> Result:
        try:
            return (await self._record(program, [event]))[0]
        except DBAPIError as error:
            log.error("the database refused an event", program=program, source=event.source, id=event.id)
            reason = FieldError("", f"the database refused it: {type(error.orig).__name__}")
            return Result(event.id, "rejected", errors=(reason,))

    async def _record(self, program: str, events: Sequence[NewEvent]) -> list[Result]:
        now = clock.now()
        results = await self._database.write(lambda connection: record(connection, program, events, now=now))
        if any(result.announced for result in results):
            self._wake()
        return results


def _next_group(queue: deque[_Waiting]) -> list[_Waiting]:
    group, events = [queue.popleft()], 0
    while queue and (events := events + len(group[-1].events)) < GROUP_EVENTS:
        group.append(queue.popleft())
    return group


def _answer(waiting: _Waiting, results: list[Result]) -> None:
    if not waiting.answer.done():
        waiting.answer.set_result(results)


def _fail(group: Sequence[_Waiting], error: Exception) -> None:
    for each in group:
        if not each.answer.done():
            each.answer.set_exception(error)
