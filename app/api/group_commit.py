"""Group commit: requests that arrive while a program's commit is running go into the next one together.

Programs take turns: each has one group at a time, and a group is bounded, so whoever sends single events
waits for no more than one group of another's import.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import monotonic

import structlog
from sqlalchemy.exc import DBAPIError

from app import clock
from app.api.returning import Returning
from app.db import Database, is_of_data
from app.errors import FieldError, Overloaded, Problem
from app.services.recording import Result, record
from app.sources.event import NewEvent

log = structlog.get_logger()

GROUP_EVENTS = 1_000
"""A group takes no more once it has this many events, and a request that has more goes in several."""


@dataclass(frozen=True)
class _Waiting:
    events: Sequence[NewEvent]
    answer: asyncio.Future[list[Result]]


class _Queue:
    """What waits for one program's commits; `events` counts those of commits that are running, too."""

    def __init__(self) -> None:
        self.events = 0
        self.parts = deque[_Waiting]()
        self.returning = Returning(self.parts)

    def extend(self, parts: Sequence[_Waiting]) -> None:
        """Let these wait, too."""
        self.parts.extend(parts)
        self.returning.arrived()


class GroupCommitter:
    """Records events, answering each request only after the commits that hold its events."""

    def __init__(
        self, database: Database, *, limit: int, deliver: Callable[[], None], follow: Callable[[], None]
    ) -> None:
        """`deliver` is called when a delivery is owed, `follow` when the queue of hand-offs has changed."""
        self._database = database
        self._limit = limit
        self._deliver, self._follow = deliver, follow
        self._queues: dict[str, _Queue] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._events = 0

    async def record(self, program: str, events: Sequence[NewEvent]) -> list[Result]:
        """A result for each event, durable. Raises Overloaded, DatabaseAway and NotFound."""
        if not events:
            return []
        self._admit(program, len(events))
        queue = self._queue_of(program)
        parts = [
            _waiting(events[start : start + GROUP_EVENTS]) for start in range(0, len(events), GROUP_EVENTS)
        ]
        self._count(queue, len(events))
        queue.extend(parts)
        try:
            # All of them, so that nothing of a request that has failed is still on its way.
            found = [await _outcome(each.answer) for each in parts]
        finally:
            for each in parts:
                # Of a request that is cancelled, what has not begun is left.
                each.answer.cancel()
            self._count(queue, -len(events))
        return _joined(found)

    def _admit(self, program: str, events: int) -> None:
        """Raise Overloaded unless there is room.

        A program may fill as much as it leaves free, half of the room if it is alone: so there is always some
        for a newcomer. Whoever has nothing waiting may send more than that at once.
        """
        queue = self._queues.get(program)
        mine = queue.events if queue else 0
        free = self._limit - self._events
        if free <= 0 or (mine and mine + events > free):
            raise Overloaded(
                f"{self._events} events wait for a commit already, {mine} of them of this program. "
                "Send these again in a moment."
            )

    def _count(self, queue: _Queue, events: int) -> None:
        queue.events += events
        self._events += events

    def _queue_of(self, program: str) -> _Queue:
        if program not in self._queues:
            self._queues[program] = _Queue()
            self._start(program)
        return self._queues[program]

    async def finish(self) -> None:
        """Wait until nothing is waiting."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    def _start(self, program: str) -> None:
        task = asyncio.create_task(self._drain(program))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _drain(self, program: str) -> None:
        queue = self._queues[program]
        while group := _next_group(queue.parts):
            began = monotonic()
            try:
                await self._commit(program, group)
            except Exception as error:
                _fail(group, error)
            # All who are here: those who have just been answered, and those who came in the meantime.
            await queue.returning.wait(len(group) + len(queue.parts), took=monotonic() - began)
        del self._queues[program]

    async def _commit(self, program: str, group: Sequence[_Waiting]) -> None:
        try:
            results = iter(await self._record(program, [event for each in group for event in each.events]))
        except Problem:
            raise
        except Exception as error:
            if isinstance(error, DBAPIError) and not is_of_data(error):
                raise
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
            if not is_of_data(error):
                raise
            log.error("the database refused an event", program=program, source=event.source, id=event.id)
            reason = FieldError("", f"the database refused it: {type(error.orig).__name__}")
            return Result(event.id, "rejected", errors=(reason,))

    async def _record(self, program: str, events: Sequence[NewEvent]) -> list[Result]:
        now = clock.now()
        results = await self._database.write(lambda connection: record(connection, program, events, now=now))
        if any(result.told for result in results):
            self._deliver()
        if any(result.moved for result in results):
            self._follow()
        return results


def _waiting(events: Sequence[NewEvent]) -> _Waiting:
    return _Waiting(events, asyncio.get_running_loop().create_future())


def _next_group(parts: deque[_Waiting]) -> list[_Waiting]:
    """The first that are waited for; nobody waits for those left behind."""
    group: list[_Waiting] = []
    events = 0
    while parts and events < GROUP_EVENTS:
        part = parts.popleft()
        if not part.answer.cancelled():
            group.append(part)
            events += len(part.events)
    return group


async def _outcome(answer: asyncio.Future[list[Result]]) -> list[Result] | Exception:
    try:
        return await answer
    except Exception as error:
        return error


def _joined(found: Sequence[list[Result] | Exception]) -> list[Result]:
    """The results of all parts of a request, each with its partner's latest score; raises what one raised."""
    results: list[Result] = []
    for part in found:
        if isinstance(part, Exception):
            raise part
        results += part
    if len(found) == 1:
        return results
    scores = {each.partner: each.score for each in results}
    return [replace(each, score=scores[each.partner]) for each in results]


def _answer(waiting: _Waiting, results: list[Result]) -> None:
    if not waiting.answer.done():
        waiting.answer.set_result(results)


def _fail(group: Sequence[_Waiting], error: Exception) -> None:
    for each in group:
        if not each.answer.done():
            each.answer.set_exception(error)
