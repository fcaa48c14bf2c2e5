"""The queue as a stream: each move of each hand-off, as it happens or from where a client left off."""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from time import monotonic
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.sse import format_sse_event

from app.api.auth import Credentials, Reader
from app.api.event_stream import EventStream
from app.api.parameters import Count
from app.api.queue_feed import QueueFeed
from app.api.state import Service, State
from app.api.strict_json import StrictRoute
from app.errors import DatabaseAway, FieldError, Invalid, Overloaded, Unauthenticated
from app.services.following import QueueEvent, latest_position

router = APIRouter(prefix="/v1/handoffs", tags=["Hand-offs"], route_class=StrictRoute)

# Of our own: the module's shared state is for whoever seeds it.
_dice = random.Random()

RETRY_MILLISECONDS = (1_000, 3_000)
"""Between these clients choose when to come back, lest all do at once."""

MISSED_HEARTBEATS = 2
"""A client that takes nothing for so many is cut off."""


async def _joined(service: Service, caller: Reader) -> AsyncIterator[QueueFeed]:
    """The feed of the caller's program, until the answer is over. Raises Overloaded."""
    async with service.feeds.joined(caller.program) as feed:
        yield feed


@router.get("/stream", status_code=200, response_model=QueueEvent, response_class=EventStream)
async def stream_handoffs(
    service: Service,
    caller: Reader,
    credentials: Credentials,
    feed: Annotated[QueueFeed, Depends(_joined)],
    owner: Annotated[str | None, Query(description="Only hand-offs that are this person's.")] = None,
    last_event_id: Annotated[
        Count | None, Header(alias="Last-Event-ID", description="Go on after this event.")
    ] = None,
    resume_after: Annotated[
        Count | None,
        Query(alias="last_event_id", description="The same, for who cannot send the header; that wins."),
    ] = None,
) -> Response:
    """The queue as Server-Sent Events: each move of a hand-off once, in the order of their commits.

    It begins with what happens from now on, or goes on after `Last-Event-ID`. An event's `data` is one line
    of JSON with the shape of a webhook's body.
    """
    latest = await service.database.read(lambda c: latest_position(c, caller.program))
    position = next((each for each in (last_event_id, resume_after) if each is not None), latest)
    if position > latest:
        error = FieldError("Last-Event-ID", f"must not be ahead of the queue, which is at {latest}")
        raise Invalid("No event has this id. Read the queue, and start without one.", errors=[error])

    stream = _Stream(service, feed, credentials, owner, position)
    return EventStream(stream.blocks(), patience=MISSED_HEARTBEATS * service.settings.stream_heartbeat)


@dataclass
class _Stream:
    """One client; `position` is that of the last event it got, or that was none for it."""

    service: State
    feed: QueueFeed
    credentials: Credentials
    owner: str | None
    position: int

    async def blocks(self) -> AsyncIterator[bytes]:
        """What is sent, until the server stops or the key is revoked."""
        yield self._opening()
        heartbeat = self.service.settings.stream_heartbeat
        due = monotonic() + heartbeat
        while True:
            found = await self.feed.after(self.position, within=due - monotonic())
            if self.service.feeds.stopped:
                yield format_sse_event(comment="the server stops", retry=_some_time())
                return
            if not await self._is_allowed():
                return
            for block in found:
                self.position = block.position
                if self.owner in {None, block.owner}:
                    yield block.content
                    due = monotonic() + heartbeat
            if monotonic() >= due:
                # With the position, so that a client for whom there is nothing need not come back from afar.
                yield format_sse_event(comment="heartbeat", id=str(self.position))
                due = monotonic() + heartbeat

    def _opening(self) -> bytes:
        """No event, but a client that is cut off before the first one knows where it began."""
        return format_sse_event(id=str(self.position), retry=_some_time())

    async def _is_allowed(self) -> bool:
        if self.credentials is None:
            return False
        try:
            await self.service.keyring.recognise(self.credentials.credentials)
        except Unauthenticated:
            return False
        except (DatabaseAway, Overloaded):
            # Nobody can tell; nor can anything be read that could be told.
            return True
        return True


def _some_time() -> int:
    return _dice.randint(*RETRY_MILLISECONDS)
