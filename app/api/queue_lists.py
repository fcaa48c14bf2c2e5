"""Polling the queue for little: lists are kept while nothing has changed, and read once for all who ask."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from app.api.etags import Content
from app.db import Database
from app.errors import Problem
from app.services.rulebook import QueueVersion, queue_version

KEPT_BYTES, KEPT_LISTS = 32 * 1024 * 1024, 1_000

Listed = Callable[[Connection], Content]

Address = tuple[object, ...]
"""All that tells one list of a program from another."""

_UNREAD = Content(b"", {})


@dataclass
class _List:
    """A list that is polled: as it was read last, of which version of the queue, in which reading."""

    version: QueueVersion | None = None
    content: Content = _UNREAD
    problem: Problem | None = None
    reading: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass
class _Check:
    """The version that a program's queue had when it was looked at last, in which look."""

    version: QueueVersion | None = None
    look: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class QueueLists:
    """The lists that are polled at this process.

    Their ETags are those of the content, so processes need not agree on anything, and a change elsewhere in
    the queue leaves an ETag as it is.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lists: dict[tuple[str, Address], _List] = {}
        self._readings = 0
        self._checks: dict[str, _Check] = {}
        self._looks = 0

    async def unchanged(self, program: str, address: Address, *, now: datetime) -> Content | None:
        """The list at `address` if it was read before and nothing has changed since; no older than this call.

        Whoever asks while one looks shares the next look with all others of the program.
        """
        list_ = self._lists.get((program, address))
        if list_ is None:
            return None
        version = await self._version(program, now=now)
        return list_.content if version is not None and version == list_.version else None

    async def _version(self, program: str, *, now: datetime) -> QueueVersion | None:
        asked = self._looks
        check = self._checks.setdefault(program, _Check())
        async with check.lock:
            if check.look <= asked:
                self._looks = check.look = self._looks + 1
                check.version = None
                with suppress(Problem):
                    check.version = await self._database.read(lambda c: queue_version(c, program, now=now))
        return check.version

    async def current(self, program: str, address: Address, listed: Listed, *, now: datetime) -> Content:
        """The list at `address`, no older than this call; read by `listed` only if the queue has changed.

        Whoever asks while it is being read shares the next reading, or its failure, with all others who do.
        Raises DatabaseAway, Overloaded and NotFound.
        """
        asked = self._readings
        list_ = self._lists.setdefault((program, address), _List())
        async with list_.lock:
            if list_.reading <= asked:
                await self._read(list_, program, listed, now=now)
        if list_.problem is not None:
            raise list_.problem
        return list_.content

    async def _read(self, list_: _List, program: str, listed: Listed, *, now: datetime) -> None:
        self._readings += 1
        reading, known = self._readings, list_.version

        def read(connection: Connection) -> tuple[QueueVersion, Content | None]:
            version = queue_version(connection, program, now=now)
            return version, None if version == known else listed(connection)

        try:
            list_.version, changed = await self._database.read(read)
        except Problem as problem:
            list_.problem = problem
        else:
            list_.problem, list_.content = None, changed or list_.content
        list_.reading = reading
        self._bound()

    def _bound(self) -> None:
        """Forget them all rather than fill the memory; each is but read again."""
        kept = sum(len(each.content.body) for each in self._lists.values())
        if kept > KEPT_BYTES or len(self._lists) > KEPT_LISTS:
            self._lists.clear()
