"""Zoom's signature, and its challenge: both HMAC-SHA256 with the secret token, hexadecimal."""

from collections.abc import Sequence

from app.sources.adapter import Incoming
from app.sources.shared_secrets import as_bytes, mac, same

SIGNATURE_HEADER = "x-zm-signature"
TIMESTAMP_HEADER = "x-zm-request-timestamp"


def signer(incoming: Incoming, secrets: Sequence[str]) -> str | None:
    """The secret that signed timestamp and raw body, if one did.

    The timestamp's age is not judged: Zoom retries for an hour, and every event has an id.
    """
    signature = incoming.headers.get(SIGNATURE_HEADER, "")
    message = b"v0:" + as_bytes(incoming.headers.get(TIMESTAMP_HEADER, "")) + b":" + incoming.body
    signing = (each for each in secrets if same(signature, f"v0={mac(each, message).hex()}"))
    return next(signing, None)


def answer(challenge: object, secret: str) -> dict[str, str] | None:
    """What proves that we know the secret; None if there is no token to prove it by."""
    token = challenge.get("plainToken") if isinstance(challenge, dict) else None
    if not isinstance(token, str):
        return None
    return {"plainToken": token, "encryptedToken": mac(secret, as_bytes(token)).hex()}
