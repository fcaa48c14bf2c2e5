"""One attempt: posts a message and brings back what came of it, within a total time and a bounded size."""

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from functools import lru_cache
from string import printable
from types import TracebackType
from typing import Self
from urllib.parse import quote

from aiohttp import (
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    DummyCookieJar,
    TCPConnector,
)
from yarl import URL

from app.delivery.guard import Guard, Refused, Resolve, Unresolved, resolve
from app.delivery.reply import Answer, Failure, Reply
from app.services.addresses import Network

CONNECT_SECONDS = 5.0
# Less than the 5 s after which common servers close an idle connection, so that we do not send into one.
KEEP_ALIVE_SECONDS = 4.0
READ_BYTES = 64 * 1024
KEPT_BYTES = 1024
LONGEST_ERROR = 200

# No compression: nothing is decoded, so nothing can expand.
_HEADERS = {
    "content-type": "application/json",
    "user-agent": "Handraiser",
    "accept": "*/*",
    "accept-encoding": "identity",
}

_BROKEN = (ClientError, OSError, ValueError)


@dataclass(frozen=True)
class Request:
    """One attempt to be made."""

    url: str
    headers: Mapping[str, str]
    body: bytes


class Client:
    """Sends. One pool for all webhooks, with a connection for each attempt that may be in flight.

    So nobody waits for a connection that another holds; who may be in flight is the worker's to say.
    """

    def __init__(
        self,
        allowed: Sequence[Network],
        *,
        timeout: float,
        connections: int,
        tls: ssl.SSLContext | None = None,
        resolve: Resolve = resolve,
    ) -> None:
        self._allowed = allowed
        self._timeout = timeout
        self._connections = connections
        self._tls = tls or ssl.create_default_context()
        self._resolve = resolve

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            # Own threads: a resolver that hangs would fill the loop's few, and so hold up everybody.
            lookups = ThreadPoolExecutor(self._connections, "webhook-dns")
            stack.callback(lookups.shutdown, wait=False, cancel_futures=True)
            self._sessions = {
                scheme: await stack.enter_async_context(self._session(scheme, lookups))
                for scheme in ("http", "https")
            }
            self._open = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    def _session(self, scheme: str, lookups: ThreadPoolExecutor) -> ClientSession:
        guard = Guard(self._allowed, only_allowed=scheme == "http", lookups=lookups, resolve=self._resolve)
        return open_session(guard, tls=self._tls, connections=self._connections)

    async def send(self, request: Request) -> Reply:
        """Make one attempt; what the network or the receiver does wrong is a reply, not an exception."""
        until = asyncio.get_running_loop().time() + self._timeout
        try:
            async with asyncio.timeout_at(until):
                response = await self._post(request)
        except ConnectionTimeoutError:
            return Failure(f"no connection within {CONNECT_SECONDS:g} s", timed_out=True)
        except TimeoutError:
            return Failure(f"no answer within {self._timeout:g} s", timed_out=True)
        except (Refused, Unresolved) as error:
            return Failure(str(error))
        except _BROKEN as error:
            return Failure(f"{type(error).__name__}: {error}"[:LONGEST_ERROR])
        return Answer(
            status=response.status,
            text=await _beginning(response, until),
            retry_after=response.headers.get("retry-after"),
            directive=response.headers.get("webhook-delivery"),
        )

    async def _post(self, request: Request) -> ClientResponse:
        url = _target(request.url)
        session = self._sessions[url.scheme]
        return await session.post(url, data=request.body, headers=request.headers, allow_redirects=False)


def open_session(guard: Guard, *, tls: ssl.SSLContext, connections: int) -> ClientSession:
    """A session that goes only where the guard lets it, and follows and keeps nothing by itself."""
    connector = TCPConnector(
        resolver=guard,
        socket_factory=guard.socket,
        use_dns_cache=False,
        ssl=tls,
        limit=connections,
        keepalive_timeout=KEEP_ALIVE_SECONDS,
    )
    return ClientSession(
        connector=connector,
        headers=_HEADERS,
        timeout=ClientTimeout(connect=CONNECT_SECONDS),
        cookie_jar=DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
    )


@lru_cache
def _target(url: str) -> URL:
    """The host as name servers want it, path and query as they were given.

    Else `%2F` in a query would go out as `/`, and many a URL has a signature in its query. Raises ValueError.
    """
    given = URL(url, encoded=True)
    return URL(f"{URL(url).origin()}{quote(given.raw_path_qs, safe=printable)}", encoded=True)


async def _beginning(response: ClientResponse, until: float) -> str:
    """The first of the body. The status is the answer: a body that stalls or breaks off changes nothing."""
    content, kept, size = response.content, b"", 0
    with suppress(TimeoutError, *_BROKEN):
        if content.is_eof():
            # It came with the head, as most do: nothing to wait for.
            kept = content.read_nowait(KEPT_BYTES)
        else:
            async with asyncio.timeout_at(until):
                async for chunk in content.iter_any():
                    kept += chunk[: KEPT_BYTES - len(kept)]
                    size += len(chunk)
                    if size >= READ_BYTES:
                        break
    # Whoever has not said all by now is hung up on.
    response.close()
    # PostgreSQL stores no NUL in a text.
    return kept.decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
