"""Mautic's signature: HMAC-SHA256 of the raw body, base64."""

import base64
from collections.abc import Sequence

from app.sources.adapter import Incoming
from app.sources.shared_secrets import mac, same

SIGNATURE_HEADER = "webhook-signature"


def is_signed(incoming: Incoming, secrets: Sequence[str]) -> bool:
    """Whether one of the webhook's secrets signed the body. There is no timestamp to judge."""
    given = incoming.headers.get(SIGNATURE_HEADER, "").strip()
    return any(same(given, base64.b64encode(mac(secret, incoming.body)).decode()) for secret in secrets)
