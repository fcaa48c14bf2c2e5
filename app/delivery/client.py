"""One attempt: posts a message and brings back what came of it, within a total time and a bounded size."""

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import httpcore2
import httpx2

from app.delivery.guard import Guard, GuardedTransport, Refused, Resolve, Unresolved, resolve
from app.delivery.reply import Answer, Failure, Reply
from app.services.addresses import Network

CONNECT_SECONDS = 5.0
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

_BROKEN = (httpcore2.NetworkError, httpcore2.ProtocolError, httpx2.InvalidURL, OSError, UnicodeError)


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
        self._timeout = timeout
        # Own threads: a resolver that hangs would fill the loop's few, and so hold up everybody.
        self._lookups = ThreadPoolExecutor(connections, "webhook-dns")
        tls = tls or httpx2.create_ssl_context(trust_env=False)
        self._transports = {
            scheme: GuardedTransport(
                Guard(allowed, only_allowed=scheme == "http", lookups=self._lookups, resolve=resolve),
                tls=tls,
                connections=connections,
            )
            for scheme in ("http", "https")
        }

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for transport in self._transports.values():
            await transport.aclose()
        self._lookups.shutdown(wait=False, cancel_futures=True)

    async def send(self, request: Request) -> Reply:
        """Make one attempt; what the network or the receiver does wrong is a reply, not an exception."""
        until = asyncio.get_running_loop().time() + self._timeout
        try:
            async with asyncio.timeout_at(until):
                response = await self._post(request)
        except httpcore2.ConnectTimeout:
            return Failure(f"no connection within {CONNECT_SECONDS:g} s", timed_out=True)
        except TimeoutError:
            return Failure(f"no answer within {self._timeout:g} s", timed_out=True)
        except (Refused, Unresolved) as error:
            return Failure(str(error))
        except _BROKEN as error:
            return Failure(f"{type(error).__name__}: {error}"[:LONGEST_ERROR])
        return Answer(
            status=response.status_code,
            text=await _beginning(response, until),
            retry_after=response.headers.get("retry-after"),
            directive=response.headers.get("webhook-delivery"),
        )

    async def _post(self, request: Request) -> httpx2.Response:
        message = httpx2.Request(
            "POST",
            request.url,
            headers={**_HEADERS, **request.headers},
            content=request.body,
            extensions={"timeout": {"connect": CONNECT_SECONDS}},
        )
        return await self._transports[message.url.scheme].handle_async_request(message)


async def _beginning(response: httpx2.Response, until: float) -> str:
    """The first of the body. The status is the answer: a body that stalls or breaks off changes nothing."""
    kept, size = b"", 0
    with suppress(TimeoutError, *_BROKEN):
        async with asyncio.timeout_at(until), aclosing(response.aiter_raw()) as chunks:
            async for chunk in chunks:
                kept += chunk[: KEPT_BYTES - len(kept)]
                size += len(chunk)
                if size >= READ_BYTES:
                    break
    await response.aclose()
    # PostgreSQL stores no NUL in a text.
    return kept.decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
