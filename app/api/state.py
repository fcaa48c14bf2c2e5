"""What handlers work with: put together in main, reached through the request."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Protocol

from fastapi import Depends, Request
from starlette.types import Scope

from app.api.etags import Content
from app.api.group_commit import GroupCommitter
from app.api.keyring import Keyring
from app.api.queue_feeds import QueueFeeds
from app.api.queue_lists import QueueLists
from app.api.rate_limit import RateLimiter
from app.api.shared_reads import SharedReads
from app.background.inbox import Inbox
from app.db import Database
from app.services.addresses import Network
from app.services.score_feed import FeedPlace
from app.settings import Settings
from app.vault import Vault


class Fetcher(Protocol):
    """Gets small documents that platforms point to."""

    async def get(self, address: str) -> bytes | None:
        """What is there; None if it cannot be had."""

    async def lasting(self, address: str) -> bytes | None:
        """The same for what never changes: it is fetched once."""


@dataclass(frozen=True)
class State:
    """One running service; `wake` tells who delivers, streams or waits elsewhere that something happened."""

    settings: Settings
    database: Database
    vault: Vault
    keyring: Keyring
    committer: GroupCommitter
    limiter: RateLimiter
    networks: tuple[Network, ...]
    queue_lists: QueueLists
    scores: SharedReads[str, Content | None]
    score_feed: SharedReads[FeedPlace, Content]
    feeds: QueueFeeds
    inbox: Inbox
    fetcher: Fetcher
    rehearsing: asyncio.Lock
    wake: Callable[[], None]
    wake_previewer: Callable[[], None]


def service_in(scope: Scope) -> State:
    """The service that a request with this scope came to."""
    state: State = scope["app"].state.handraiser
    return state


async def state_of(request: Request) -> State:
    """The service that this request came to; async, or FastAPI would call it in a thread each time."""
    return service_in(request.scope)


Service = Annotated[State, Depends(state_of)]
