"""Polling the queue for little: while nothing in it has changed, an ETag is confirmed by one indexed read."""

from collections.abc import Callable
from datetime import datetime

from fastapi import Request, Response
from sqlalchemy import Connection

from app.api.etags import known_tags, unchanged
from app.db import Database
from app.services.rulebook import QueueVersion, queue_version

_REMEMBERED = 4_096


class QueueTags:
    """Remembers, for each list that is polled, of which version of the queue its ETag is.

    An ETag is that of the content, so processes need not agree on anything, and a change elsewhere in the
    queue leaves it as it is.
    """

    def __init__(self) -> None:
        self._headers: dict[tuple[str, str], tuple[QueueVersion, dict[str, str]]] = {}

    async def answer(
        self,
        request: Request,
        database: Database,
        program: str,
        listed: Callable[[Connection], Response],
        *,
        now: datetime,
    ) -> Response:
        """304 if the caller has the list as it is, else what `listed` reads in the same snapshot."""
        list_ = (program, str(request.url))
        known = self._headers.get(list_)
        holds = known is not None and known[1]["ETag"] in known_tags(request)

        def read(connection: Connection) -> tuple[QueueVersion, Response]:
            version = queue_version(connection, program, now=now)
            if known is not None and holds and known[0] == version:
                return version, unchanged(known[1])
            return version, listed(connection)

        version, response = await database.read(read)
        self._remember(list_, version, response)
        return response

    def _remember(self, list_: tuple[str, str], version: QueueVersion, response: Response) -> None:
        if len(self._headers) >= _REMEMBERED and list_ not in self._headers:
            self._headers.clear()
        kept = {name: response.headers[name] for name in ("ETag", "Link") if name in response.headers}
        self._headers[list_] = (version, kept)
