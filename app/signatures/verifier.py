"""Verifies messages signed as Standard Webhooks says, version 1.0.0.

This file stands alone: copy it into your receiver. It needs only the standard library, and `cryptography`
if you verify with a public key (`whpk_...`) instead of a shared secret (`whsec_...`).
"""

import base64
import hashlib
import hmac
import re
import time
from collections.abc import Iterator, Mapping

TOLERANCE = 300.0

_ID = re.compile(r"[!-~]+")
_TIMESTAMP = re.compile(r"[0-9]{1,11}")


class VerificationError(Exception):
    """The message is not to be trusted. The text says why: for your log, not for whoever sent it."""


def verify(
    headers: Mapping[str, str],
    body: bytes,
    *keys: str,
    tolerance: float = TOLERANCE,
    now: float | None = None,
) -> str:
    """The id of a message that one of `keys` signed, by which to tell repeats. Raises VerificationError.

    `body` is what came in, byte for byte: JSON that was parsed and written again is another text. More than
    one key is for the time in which you change it. `tolerance` is in seconds, either way; `now` in seconds
    since 1970. Raises ValueError if a key is none.
    """
    given = {name.lower(): value for name, value in headers.items()}
    id_ = _matching(given, "webhook-id", _ID)
    timestamp = _matching(given, "webhook-timestamp", _TIMESTAMP)
    if "." in id_:
        raise VerificationError("the webhook-id header has a full stop")
    age = (time.time() if now is None else now) - int(timestamp)
    if abs(age) > tolerance:
        raise VerificationError(
            f"the message is {age:.0f} s old; at most {tolerance:g} s are allowed, either way"
        )
    content = signed_content(id_, timestamp, body)
    signatures = list(_signatures(given.get("webhook-signature", "")))
    if not any(_fits(key, content, signatures) for key in keys):
        raise VerificationError("no signature in the webhook-signature header fits")
    return id_


def signed_content(id_: str, timestamp: str, body: bytes) -> bytes:
    """The bytes that are signed."""
    return f"{id_}.{timestamp}.".encode() + body


def digest(secret: str, content: bytes) -> bytes:
    """The v1 signature, in base64. Raises ValueError for what is no secret."""
    return base64.b64encode(hmac.digest(decoded(secret, "whsec_"), content, hashlib.sha256))


def _matching(headers: Mapping[str, str], name: str, pattern: re.Pattern[str]) -> str:
    value = headers.get(name)
    if value is None:
        raise VerificationError(f"there is no {name} header")
    if not pattern.fullmatch(value):
        raise VerificationError(f"the {name} header is not in its form")
    return value


def _signatures(header: str) -> Iterator[tuple[str, bytes]]:
    """Version and signature of each; what is neither is none that could fit."""
    for each in header.split(" "):
        version, _, signature = each.partition(",")
        yield version, signature.encode(errors="replace")


def _fits(key: str, content: bytes, signatures: list[tuple[str, bytes]]) -> bool:
    if key.startswith("whpk_"):
        return _is_signed_by(decoded(key, "whpk_"), content, [one for v, one in signatures if v == "v1a"])
    expected = digest(key, content)
    return any(hmac.compare_digest(expected, one) for version, one in signatures if version == "v1")


def _is_signed_by(public: bytes, content: bytes, signatures: list[bytes]) -> bool:
    # Here, so that receivers with a shared secret need no package.
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    key = Ed25519PublicKey.from_public_bytes(public)
    for signature in signatures:
        try:
            key.verify(base64.b64decode(signature, validate=True), content)
        except (InvalidSignature, ValueError):
            continue
        return True
    return False


def decoded(key: str, prefix: str) -> bytes:
    """The bytes of a key that begins with `prefix`. Raises ValueError for what is none."""
    text = key.removeprefix(prefix)
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        raw = b""
    if not raw:
        raise ValueError(f"a key is {prefix} and base64, and not empty")
    return raw
