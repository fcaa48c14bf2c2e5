"""New keys for signing messages, in the forms that Standard Webhooks gives them."""

import base64
import secrets

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SECRET, SIGNING, VERIFICATION = "whsec_", "whsk_", "whpk_"
SECRET_BYTES = 32


def new_secret() -> str:
    """A shared secret (v1): `whsec_` and 32 random bytes in base64."""
    return SECRET + _text(secrets.token_bytes(SECRET_BYTES))


def new_signing_key() -> str:
    """An Ed25519 key (v1a): `whsk_` and base64 of its private and then its public 32 bytes."""
    key = Ed25519PrivateKey.generate()
    return SIGNING + _text(key.private_bytes_raw() + key.public_key().public_bytes_raw())


def verification_key(signing_key: str) -> str:
    """What the receiver is given for a `whsk_` key: `whpk_` and base64 of the public 32 bytes."""
    return VERIFICATION + _text(private_key(signing_key).public_key().public_bytes_raw())


def private_key(signing_key: str) -> Ed25519PrivateKey:
    """The key in a `whsk_` text. Raises ValueError if its two halves do not belong together."""
    both = base64.b64decode(signing_key.removeprefix(SIGNING), validate=True)
    key = Ed25519PrivateKey.from_private_bytes(both[:32])
    if key.public_key().public_bytes_raw() != both[32:]:
        raise ValueError("the public half of the signing key is not that of its private half")
    return key


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
