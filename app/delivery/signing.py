"""The three headers by which a receiver knows that a message is ours and fresh (Standard Webhooks)."""

import base64
import hmac
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from app.signatures.keys import SECRET, SIGNING, private_key
from app.signatures.verifier import decoded, signed_content

KEYS_READY = 1_000
"""Keys kept as they are used, in memory only; who has more webhooks waits a little longer for each."""


def signed_headers(message: str, at: datetime, *, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """Headers for one attempt made `at`; while secrets rotate there are several, the newest first."""
    timestamp = int(at.timestamp())
    return {
        "webhook-id": message,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(message, timestamp, body, secrets),
    }


def sign(message: str, timestamp: int, body: bytes, secrets: Sequence[str]) -> str:
    """A signature by each secret, in their order: v1 by a `whsec_`, v1a by a `whsk_`."""
    content = signed_content(message, str(timestamp), body)
    return " ".join(_signature(secret, content) for secret in secrets)


def _signature(secret: str, content: bytes) -> str:
    if secret.startswith(SIGNING):
        return "v1a," + base64.b64encode(_signing_key(secret).sign(content)).decode()
    mac = _shared_key(secret).copy()
    mac.update(content)
    return "v1," + base64.b64encode(mac.digest()).decode()


_signing_key = lru_cache(KEYS_READY)(private_key)


@lru_cache(KEYS_READY)
def _shared_key(secret: str) -> hmac.HMAC:
    return hmac.new(decoded(secret, SECRET), digestmod="sha256")
