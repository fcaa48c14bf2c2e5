"""Signing secrets of webhooks: made, shown once, and replaced with an overlap."""

from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection

from app import store
from app.signatures.keys import new_secret, new_signing_key, verification_key
from app.vault import Vault

Signature = Literal["v1", "v1a"]

OVERLAP = timedelta(hours=24)
"""How long an old secret signs beside the new one."""

MOST_LIVE = 3
"""So many secrets sign at once; more would fill the header."""


def add_secret(
    connection: Connection, vault: Vault, webhook: str, signature: Signature, *, now: datetime
) -> str:
    """Give a webhook a secret; what its receiver verifies with, to be shown once."""
    secret = new_signing_key() if signature == "v1a" else new_secret()
    public = verification_key(secret) if signature == "v1a" else None
    store.webhooks.add_secret(
        connection, webhook, secret=vault.seal(secret), verification_key=public, created_at=now
    )
    return public or secret


def replace_secret(
    connection: Connection, vault: Vault, webhook: str, *, expire_previous: bool, now: datetime
) -> str:
    """A new secret of the same kind; the old ones sign for 24 hours more, or no longer."""
    current = store.webhooks.secrets_of(connection, [webhook], now=now)[webhook]
    signature: Signature = "v1a" if current and current[0].verification_key else "v1"
    kept = 0 if expire_previous else MOST_LIVE - 1
    store.webhooks.expire_secrets(connection, webhook, at=now + OVERLAP, keep=kept)
    return add_secret(connection, vault, webhook, signature, now=now)
