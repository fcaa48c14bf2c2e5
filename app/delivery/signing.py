"""The three headers by which a receiver knows that a message is ours and fresh (Standard Webhooks)."""

from collections.abc import Sequence
from datetime import UTC, datetime

from standardwebhooks import Webhook


def signed_headers(message: str, at: datetime, *, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """Headers for one attempt made `at`; while secrets rotate there are several, the newest first.

    The body is signed as it is: it was frozen as UTF-8 when it became owed.
    """
    # The library takes any instant's wall-clock digits for UTC.
    second = at.astimezone(UTC).replace(microsecond=0)
    text = body.decode()
    return {
        "webhook-id": message,
        "webhook-timestamp": str(int(second.timestamp())),
        "webhook-signature": " ".join(Webhook(each).sign(message, second, text) for each in secrets),
    }
