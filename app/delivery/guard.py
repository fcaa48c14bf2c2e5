"""The way out: connections go only to addresses that are allowed, checked on the very address dialled.

A name is resolved once for each connection, and refused if any of its addresses is. What came out is dialled,
so a second, different answer of the name server changes nothing; host header and certificate name stay the
URL's. A host that is an address already is resolved by nobody, and so is judged when its socket is made.
"""

import asyncio
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.connector import AddrInfoType
from typing_extensions import override

from app.services.addresses import Network, is_allowed_private, is_refused

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


class Guard(AbstractResolver):
    """Resolves names and makes sockets for aiohttp, but not for just anybody."""

    def __init__(
        self, allowed: Sequence[Network], *, only_allowed: bool, lookups: ThreadPoolExecutor, resolve: Resolve
    ) -> None:
        self._allowed = allowed
        self._only_allowed = only_allowed
        self._lookups = lookups
        self._resolve = resolve
        self._looking: dict[tuple[str, int], asyncio.Future[Sequence[str]]] = {}

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Every address of the host. Raises Refused if one of them is bad, Unresolved if there is none."""
        try:
            found = await asyncio.shield(self._lookup(host, port))
        except (OSError, UnicodeError) as error:
            raise Unresolved from error
        if not found:
            raise Unresolved
        if any(self._is_bad(address) for address in found):
            raise Refused
        return [_resolved(host, address, port) for address in found]

    def _lookup(self, host: str, port: int) -> asyncio.Future[Sequence[str]]:
        """The addresses, looked up once for all who wait for them.

        A thread is busy until a name server that hangs is given up, long after the attempt is: one for each
        attempt would soon be all there are.
        """
        asked = (host, port)
        if asked not in self._looking:
            loop = asyncio.get_running_loop()
            looking = loop.run_in_executor(self._lookups, self._resolve, host, port)
            self._looking[asked] = looking
            looking.add_done_callback(lambda _: self._looking.pop(asked))
            # Nobody may be left who waits for it.
            looking.add_done_callback(lambda done: done.cancelled() or done.exception())
        return self._looking[asked]

    def socket(self, address: AddrInfoType) -> socket.socket:
        """A socket for this address, which is dialled next. Raises Refused."""
        family, kind, protocol, _, (ip, *_) = address
        if self._is_bad(str(ip)):
            raise Refused
        return socket.socket(family, kind, protocol)

    @override
    async def close(self) -> None:
        """The threads are the client's."""

    def _is_bad(self, address: str) -> bool:
        if self._only_allowed:
            return not is_allowed_private(address, self._allowed)
        return is_refused(address, self._allowed)


def _resolved(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return {
        "hostname": host,
        "host": address,
        "port": port,
        "family": family,
        "proto": socket.IPPROTO_TCP,
        "flags": socket.AI_NUMERICHOST,
    }
