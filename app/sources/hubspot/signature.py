"""HubSpot's three signatures, all made with the app's client secret and two of them over our URL."""

import base64
import hashlib
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

from app.sources.adapter import Incoming
from app.sources.shared_secrets import as_bytes, mac, same

V3_HEADER = "x-hubspot-signature-v3"
TIMESTAMP_HEADER = "x-hubspot-request-timestamp"
SIGNATURE_HEADER = "x-hubspot-signature"
VERSION_HEADER = "x-hubspot-signature-version"

TOLERANCE = timedelta(seconds=300)
DECODED = re.compile(r"%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)


def is_signed(incoming: Incoming, secrets: Sequence[str], *, received_at: datetime) -> bool:
    """Whether a secret made the signature; that of version 3, if there is one, is the one that counts."""
    if V3_HEADER in incoming.headers:
        return _is_recent(incoming, received_at) and any(_is_v3(incoming, secret) for secret in secrets)
    given = incoming.headers.get(SIGNATURE_HEADER, "").strip().lower()
    return any(same(given, _older(incoming, secret)) for secret in secrets)


def _is_recent(incoming: Incoming, received_at: datetime) -> bool:
    """Within the tolerance on either side: a time to come would let a copy wait for it."""
    try:
        milliseconds = int(incoming.headers.get(TIMESTAMP_HEADER, ""))
        return abs(received_at - datetime.fromtimestamp(milliseconds / 1000, UTC)) <= TOLERANCE
    except (ValueError, OverflowError, OSError):
        return False


def _is_v3(incoming: Incoming, secret: str) -> bool:
    given, timestamp = (incoming.headers.get(name, "") for name in (V3_HEADER, TIMESTAMP_HEADER))
    return any(
        same(given.strip(), base64.b64encode(mac(secret, message + as_bytes(timestamp))).decode())
        for message in _messages(incoming)
    )


def _messages(incoming: Incoming) -> Iterator[bytes]:
    """HubSpot's documents have some escapes of the URL decoded before signing; its own library does not."""
    for url in {incoming.url, DECODED.sub(lambda escape: unquote(escape[0]), incoming.url)}:
        yield as_bytes(incoming.method + url) + incoming.body


def _older(incoming: Incoming, secret: str) -> str:
    """Of version 2, over method and URL as well, or 1, over the body alone."""
    is_v2 = incoming.headers.get(VERSION_HEADER, "v1").strip().lower() == "v2"
    address = as_bytes(incoming.method + incoming.url) if is_v2 else b""
    return hashlib.sha256(as_bytes(secret.strip()) + address + incoming.body).hexdigest()
