"""The way out: connections go only to addresses that are allowed, checked on the very address dialled.

A name is resolved once, refused if any of its addresses is, and connected to by address, so that a second,
different answer of the resolver changes nothing. Host header and certificate name stay the URL's: only the
network backend knows the address.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

import httpcore2
import httpx2
from typing_extensions import override

from app.services.addresses import Network, is_allowed_private, is_refused

# Less than the 5 s after which common servers close an idle connection, so that we do not send into one.
KEEP_ALIVE_SECONDS = 4.0

Resolve = Callable[[str, int], Sequence[str]]


class Refused(Exception):
    """The host has an address that webhooks may not reach."""

    def __init__(self) -> None:
        # Which one it is would tell the outside about the inside.
        super().__init__("the host has an address that webhooks may not reach")


class Unresolved(Exception):
    """The host has no address."""

    def __init__(self) -> None:
        super().__init__("the host name does not resolve")


def resolve(host: str, port: int) -> list[str]:
    """All addresses of a host, best first. Raises OSError, and UnicodeError for what is no name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Guard(httpcore2.AsyncNetworkBackend):
    """Dials, but not just anybody."""

    def __init__(
        self, allowed: Sequence[Network], *, only_allowed: bool, lookups: ThreadPoolExecutor, resolve: Resolve
    ) -> None:
        self._allowed = allowed
        self._only_allowed = only_allowed
        self._lookups = lookups
        self._resolve = resolve
        self._network = httpcore2.AnyIOBackend()

    @override
    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                return await self._dial(host, port)
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout from error

    async def _dial(self, host: str, port: int) -> httpcore2.AsyncNetworkStream:
        """The first connection that comes about. Raises Refused, Unresolved, ConnectError."""
        problem: Exception = Unresolved()
        for address in await self._addresses(host, port):
            try:
                return await self._network.connect_tcp(address, port)
            except httpcore2.ConnectError as error:
                problem = error
        raise problem

    async def _addresses(self, host: str, port: int) -> Sequence[str]:
        """Every address of the host. Raises Refused if one of them is bad."""
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self._lookups, self._resolve, host, port)
        except (OSError, UnicodeError) as error:
            raise Unresolved from error
        if any(self._is_bad(address) for address in found):
            raise Refused
        return found

    def _is_bad(self, address: str) -> bool:
        if self._only_allowed:
            return not is_allowed_private(address, self._allowed)
        return is_refused(address, self._allowed)


class GuardedTransport(httpx2.AsyncBaseTransport):
    """httpx2's transport, over a pool whose connections the guard makes; httpx2's own takes no backend.

    Used without httpx2's client: what that adds (redirects, cookies, proxies from the environment) is
    what a webhook must not have.
    """

    def __init__(self, guard: Guard, *, tls: ssl.SSLContext, connections: int) -> None:
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=KEEP_ALIVE_SECONDS,
            network_backend=guard,
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        url = request.url
        answer = await self._pool.handle_async_request(
            httpcore2.Request(
                request.method,
                httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx2.Response(answer.status, headers=answer.headers, stream=_Body(answer))

    async def aclose(self) -> None:
        await self._pool.aclose()


class _Body(httpx2.AsyncByteStream):
    def __init__(self, answer: httpcore2.Response) -> None:
        self._answer = answer

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._answer.aiter_stream()

    async def aclose(self) -> None:
        await self._answer.aclose()
