"""Reads that callers share: what is asked for while one is under way is read together by the next."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from sqlalchemy import Connection

from app.db import Database
from app.errors import Problem

MOST_AT_ONCE = 64
"""So many different things: more would make all of them wait for long."""

Asked = TypeVar("Asked")
Found = TypeVar("Found")

Read = Callable[[Connection, str, Collection[Asked]], Mapping[Asked, Found]]
"""Reads all that is asked for of a program."""


@dataclass
class _Batch(Generic[Asked, Found]):
    """What is read together."""

    asked: set[Asked] = field(default_factory=set)
    reading: asyncio.Task[Mapping[Asked, Found]] = field(init=False)


@dataclass
class _Turns(Generic[Asked, Found]):
    """A program's batches take turns with the lock; until its turn comes, the `next` one may be joined."""

    next: _Batch[Asked, Found] | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class SharedReads(Generic[Asked, Found]):
    """What is read of one kind; nothing is kept.

    However little is read, it costs a transaction, some statements and, on SQLite, a thread's turn.
    """

    def __init__(self, database: Database, read: Read[Asked, Found]) -> None:
        self._database, self._read = database, read
        self._turns: defaultdict[str, _Turns[Asked, Found]] = defaultdict(_Turns)

    async def get(self, program: str, asked: Asked) -> Found:
        """What is asked for, no older than this call. Raises DatabaseAway, Overloaded and NotFound."""
        batch = self._joined(program, asked)
        try:
            found = await asyncio.shield(batch.reading)
        except Problem:
            raise
        except Exception:
            # Nobody is to suffer for what another one asks for.
            found = await self._database.read(lambda c: self._read(c, program, [asked]))
        return found[asked]

    def _joined(self, program: str, asked: Asked) -> _Batch[Asked, Found]:
        turns = self._turns[program]
        batch = turns.next
        if batch is None or len(batch.asked) >= MOST_AT_ONCE:
            batch = turns.next = _Batch()
            batch.reading = asyncio.create_task(self._together(program, turns, batch))
        batch.asked.add(asked)
        return batch

    async def _together(
        self, program: str, turns: _Turns[Asked, Found], batch: _Batch[Asked, Found]
    ) -> Mapping[Asked, Found]:
        try:
            await turns.lock.acquire()
        finally:
            if turns.next is batch:
                # Whoever comes from now on must not be given what may be older.
                turns.next = None
        try:
            return await self._database.read(lambda c: self._read(c, program, batch.asked))
        finally:
            turns.lock.release()
