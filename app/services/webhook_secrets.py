"""Signing secrets of webhooks, in the form Standard Webhooks gives them."""

import base64
import secrets

PREFIX = "whsec_"
RANDOM_BYTES = 32


def new_secret() -> str:
    """A new secret: `whsec_` and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(RANDOM_BYTES)).decode()
