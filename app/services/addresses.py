"""Where webhooks may go: which addresses are refused, and whether a URL is fit to be stored.

Networks are those of the IANA special-purpose registries (RFC 6890) and the metadata services of the clouds.
Python's own `is_global` is not used: it lets through NAT64 and 6to4 forms of link-local addresses.
"""

import re
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from app.errors import FieldError, Invalid, NotReady

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

LONGEST_URL = 2000
LONGEST_HOST = 253

_LOOPBACK = IPv4Address("127.0.0.1")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.IGNORECASE)
# What inet_aton, and so many a resolver, takes for a piece of an address: decimal, octal, hex.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE)
_BRACKETED = re.compile(r"\[[0-9a-f:.]+\](:[0-9]*)?", re.IGNORECASE)
_NOT_IN_A_URL = re.compile(r"[\x00-\x20\x7f-\xa0\\]")


def _networks(cidrs: str) -> tuple[Network, ...]:
    return tuple(ip_network(cidr) for cidr in cidrs.split())


# Link-local, and where clouds answer with credentials; no allow-list opens these.
_NEVER = _networks(
    "169.254.0.0/16 fe80::/10 100.100.100.200/32 168.63.129.16/32 192.0.0.192/32 "
    "fd00:ec2::254/128 fd20:ce::254/128 fd00:42::42/128"
)
_PRIVATE_V4 = _networks(
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 "
    "192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4"
)
# Of IPv6 only this is public at all, and in it not the protocol assignments (Teredo among them),
# documentation and 6to4.
_PUBLIC_V6 = IPv6Network("2000::/3")
_PRIVATE_V6 = _networks("2001::/23 2001:db8::/32 2002::/16 3fff::/20")
# IPv4-compatible, IPv4-translated and NAT64: the last 32 bits are an IPv4 address.
_CARRIES_LAST = _networks("::/96 ::ffff:0:0:0/96 64:ff9b::/96 64:ff9b:1::/48")


def networks(cidrs: Iterable[str]) -> tuple[Network, ...]:
    """The allow-list as set. Raises NotReady for what is not a network."""
    try:
        return tuple(ip_network(cidr) for cidr in cidrs)
    except ValueError as error:
        raise NotReady(f"HANDRAISER_WEBHOOK_ALLOW_CIDRS: {error}.") from error


def is_refused(address: Address | str, allowed: Sequence[Network]) -> bool:
    """Whether no webhook may be sent to `address`; `allowed` opens private networks, never metadata."""
    address = _plain(address)
    carried = _carried(address)
    if carried is not None and is_refused(carried, allowed):
        return True
    if _within(address, _NEVER):
        return True
    return not (_within(address, allowed) or _is_public(address))


def is_allowed_private(address: Address | str, allowed: Sequence[Network]) -> bool:
    """Whether the allow-list names `address`: only there is plain http good enough."""
    return not is_refused(address, allowed) and _within(_plain(address), allowed)


def check_url(url: str, allowed: Sequence[Network]) -> None:
    """Raise Invalid, for the path `url`, unless deliveries to it could be allowed.

    Names are not resolved here: what they stand for is checked at each connect.
    """
    try:
        parts = _split(url)
        _check_host(parts, allowed)
    except ValueError as error:
        raise Invalid("The webhook's URL cannot be used.", errors=[FieldError("url", str(error))]) from error


def _split(url: str) -> SplitResult:
    if len(url) > LONGEST_URL:
        raise ValueError(f"is longer than {LONGEST_URL} characters")
    if _NOT_IN_A_URL.search(url):
        raise ValueError("has a space, a control character or a backslash; percent-encode it")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"}:
        raise ValueError("must start with https://")
    if "@" in parts.netloc or "#" in url:
        raise ValueError("must have neither a user name or password nor a fragment (#...)")
    if "[" in parts.netloc and not _BRACKETED.fullmatch(parts.netloc):
        raise ValueError("has something else than an IPv6 address in brackets; zones are not allowed")
    if parts.port == 0:
        raise ValueError("has port 0")
    return parts


def _check_host(parts: SplitResult, allowed: Sequence[Network]) -> None:
    # As resolvers see it: IDNA, which also makes full-width digits plain, and no trailing dot.
    host = (parts.hostname or "").encode("idna").decode().removesuffix(".")
    address = _literal(host, bracketed="[" in parts.netloc)
    if address is not None and is_refused(address, allowed):
        raise ValueError("names an address that webhooks may not reach; see HANDRAISER_WEBHOOK_ALLOW_CIDRS")
    may_be_plain = bool(allowed) if address is None else is_allowed_private(address, allowed)
    if parts.scheme == "http" and not may_be_plain:
        raise ValueError("must start with https://; http is for networks that are allowed explicitly")


def _literal(host: str, *, bracketed: bool) -> Address | None:
    """The address that `host` is, or None for a name."""
    if bracketed:
        return IPv6Address(host)
    labels = host.split(".")
    if len(host) > LONGEST_HOST or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError("has a host that is neither a name nor an address in its usual form")
    if _NUMBER.fullmatch(labels[-1]):
        return IPv4Address(host)
    return _LOOPBACK if labels[-1] == "localhost" else None


def _plain(address: Address | str) -> Address:
    address = ip_address(address)
    return getattr(address, "ipv4_mapped", None) or address


def _carried(address: Address) -> IPv4Address | None:
    """The IPv4 address that a tunnel or translator would make of it."""
    if address.version == 4 or address.is_loopback or address.is_unspecified:
        return None
    if address.sixtofour:
        return address.sixtofour
    if address.teredo:
        return address.teredo[1]
    return IPv4Address(int(address) & 0xFFFFFFFF) if _within(address, _CARRIES_LAST) else None


def _within(address: Address, among: Sequence[Network]) -> bool:
    return any(address in network for network in among)


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address):
        return address in _PUBLIC_V6 and not _within(address, _PRIVATE_V6)
    return not _within(address, _PRIVATE_V4)
