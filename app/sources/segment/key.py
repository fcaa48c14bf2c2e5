"""What vouches for a Segment call: the write key, in any of its places, or a signature by a shared secret."""

import base64
from collections.abc import Iterator, Sequence

from app.errors import Malformed
from app.sources.adapter import Incoming
from app.sources.reading import json_object
from app.sources.segment.calls import plain_body
from app.sources.shared_secrets import mac, same

SIGNATURE_HEADER = "x-signature"


def is_vouched_for(incoming: Incoming, secrets: Sequence[str]) -> bool:
    """Whether the request knows one of the secrets, each a write key or a webhook's shared secret."""
    if SIGNATURE_HEADER in incoming.headers:
        return is_signed(incoming, secrets)
    return any(same(key, secret.strip()) for key in _keys(incoming) for secret in secrets)


def is_signed(incoming: Incoming, secrets: Sequence[str]) -> bool:
    """Whether one of the secrets signed the raw body: HMAC-SHA1, hexadecimal."""
    signature = incoming.headers[SIGNATURE_HEADER].strip().lower()
    return any(same(signature, mac(secret, incoming.body, "sha1").hex()) for secret in secrets)


def _keys(incoming: Incoming) -> Iterator[str]:
    """Every write key that the request shows; the body is read last, as it takes longest."""
    scheme, _, credentials = incoming.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        yield _user(credentials)
    if "x-write-key" in incoming.headers:
        yield incoming.headers["x-write-key"].partition(":")[0].strip()
    yield from _in_body(incoming)


def _user(credentials: str) -> str:
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[0]
    except ValueError:
        return ""


def _in_body(incoming: Incoming) -> Iterator[str]:
    try:
        key = json_object(plain_body(incoming)).get("writeKey")
    except Malformed:
        return
    if isinstance(key, str):
        yield key
