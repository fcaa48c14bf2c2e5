"""SendGrid's signature: ECDSA over P-256 and SHA-256, its public key handed out as a line of base64."""

import base64
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

SIGNATURE_HEADER = "x-twilio-email-event-webhook-signature"
TIMESTAMP_HEADER = "x-twilio-email-event-webhook-timestamp"


def verification_key(secret: str) -> ec.EllipticCurvePublicKey | None:
    """The P-256 public key in base64 of its DER form; None if the text is none."""
    try:
        key = load_der_public_key(base64.b64decode(secret.strip(), validate=True))
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == "secp256r1" else None


def is_signed(headers: Mapping[str, str], body: bytes, *, key: ec.EllipticCurvePublicKey) -> bool:
    """Whether `key` signed the timestamp header followed by the raw body, its last CRLF included.

    The timestamp's age is not judged: SendGrid retries for a day and does not say that it signs anew.
    A replay is harmless because every event has an id.
    """
    try:
        signature = base64.b64decode(headers[SIGNATURE_HEADER], validate=True)
        key.verify(signature, headers[TIMESTAMP_HEADER].encode() + body, ec.ECDSA(SHA256()))
    except (KeyError, ValueError, InvalidSignature):
        return False
    return True
