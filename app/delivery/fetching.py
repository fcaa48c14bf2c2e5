"""Fetches the little that a platform's request points to: a certificate, or an address that confirms."""

import asyncio
import ssl
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

import structlog
from aiohttp import ClientError
from yarl import URL

from app.delivery.client import open_session
from app.delivery.guard import Guard, Refused, Resolve, Unresolved, resolve
from app.services.addresses import Network

log = structlog.get_logger()

SECONDS = 5.0
MOST_BYTES = 64 * 1024
CONNECTIONS = 4
REMEMBERED = 100


class Fetcher:
    """Gets small documents over https, never from a private address unless it is `allowed`."""

    def __init__(
        self, allowed: Sequence[Network], *, tls: ssl.SSLContext | None = None, resolve: Resolve = resolve
    ) -> None:
        self._allowed = allowed
        self._tls = tls or ssl.create_default_context()
        self._resolve = resolve
        self._known: OrderedDict[str, bytes] = OrderedDict()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            lookups = ThreadPoolExecutor(CONNECTIONS, "fetch-dns")
            stack.callback(lookups.shutdown, wait=False, cancel_futures=True)
            guard = Guard(self._allowed, only_allowed=False, lookups=lookups, resolve=self._resolve)
            session = open_session(guard, tls=self._tls, connections=CONNECTIONS)
            self._session = await stack.enter_async_context(session)
            self._open = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def get(self, address: str) -> bytes | None:
        """What is at an https address; None, with a line in the log, if it cannot be had."""
        try:
            async with asyncio.timeout(SECONDS):
                return await self._get(URL(address, encoded=True))
        except (ClientError, OSError, ValueError, Refused, Unresolved) as error:
            # Its query may have a token.
            log.warning("could not fetch", host=URL(address).host, error=f"{type(error).__name__}: {error}")
            return None

    async def lasting(self, address: str) -> bytes | None:
        """The same for what never changes at its address: it is fetched once."""
        if address not in self._known:
            content = await self.get(address)
            if content is None:
                return None
            self._known[address] = content
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return self._known[address]

    async def _get(self, url: URL) -> bytes:
        if url.scheme != "https":
            raise ValueError("it does not begin with https://")
        async with self._session.get(url, allow_redirects=False) as response:
            if response.status != 200:
                raise ValueError(f"it answers {response.status}")
            content = b""
            async for chunk in response.content.iter_any():
                content += chunk
                if len(content) > MOST_BYTES:
                    raise ValueError(f"it is over {MOST_BYTES} bytes")
        return content
