"""What SNS wraps around a message, and whether it is SNS that did: RSA over some fields, in a fixed order."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm

from app.errors import Malformed
from app.sources.reading import json_object
from app.sources.shared_secrets import as_bytes

HOST = r"https://sns\.[a-z0-9-]{1,40}\.amazonaws\.com(?:\.cn)?"
CERTIFICATE = re.compile(HOST + r"/SimpleNotificationService-[\w-]{1,100}\.pem", re.ASCII)
CONFIRMATION = re.compile(HOST + r"/\?[\x21-\x7e]{1,2000}")

NOTIFICATION = "Notification"
SUBSCRIPTION = "SubscriptionConfirmation"
SIGNED = {
    NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    **dict.fromkeys(
        (SUBSCRIPTION, "UnsubscribeConfirmation"),
        ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    ),
}
# SNS signs with SHA-1 unless a topic is set to version 2. Nobody finds another text for a given SHA-1.
HASHES: Mapping[str, HashAlgorithm] = {"1": SHA1(), "2": SHA256()}


@dataclass(frozen=True)
class Envelope:
    """An SNS message; all of its fields are texts."""

    fields: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """Notification, SubscriptionConfirmation or UnsubscribeConfirmation; empty for anything else."""
        type_ = self.text("Type")
        return type_ if type_ in SIGNED else ""

    def text(self, name: str) -> str:
        """A field; empty if it is missing or no text."""
        value = self.fields.get(name)
        return value if isinstance(value, str) else ""

    def certificate_url(self) -> str | None:
        """Where the certificate is that signed it; None unless it is SNS's own place."""
        url = self.text("SigningCertURL")
        return url if self.kind and CERTIFICATE.fullmatch(url) else None

    def confirmation_url(self) -> str | None:
        """What is to be fetched to confirm a subscription; None unless it is SNS's own place."""
        url = self.text("SubscribeURL")
        return url if self.kind == SUBSCRIPTION and CONFIRMATION.fullmatch(url) else None

    def signed_text(self) -> str:
        """The fields that are signed, each as its name and its value, on a line each."""
        names = [name for name in SIGNED[self.kind] if isinstance(self.fields.get(name), str)]
        return "".join(f"{name}\n{self.text(name)}\n" for name in names)

    def is_signed(self, certificate: bytes, *, at: datetime) -> bool:
        """Whether the key of the certificate, in PEM and valid `at` the time, signed it."""
        hash_ = HASHES.get(self.text("SignatureVersion"))
        key = _public_key(certificate, at=at)
        if not self.kind or hash_ is None or key is None:
            return False
        try:
            signature = base64.b64decode(self.text("Signature"), validate=True)
            key.verify(signature, as_bytes(self.signed_text()), padding.PKCS1v15(), hash_)
        except (ValueError, InvalidSignature, UnsupportedAlgorithm):
            return False
        return True


def envelope_of(body: bytes) -> Envelope:
    """SNS sends JSON, and calls it plain text. Raises Malformed."""
    return Envelope(json_object(body))


def _public_key(certificate: bytes, *, at: datetime) -> rsa.RSAPublicKey | None:
    try:
        read = x509.load_pem_x509_certificate(certificate)
        key = read.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return None
    is_valid = read.not_valid_before_utc <= at <= read.not_valid_after_utc
    return key if is_valid and isinstance(key, rsa.RSAPublicKey) else None


def opened(body: bytes) -> Envelope | None:
    """The envelope; None if there is none to be read."""
    try:
        return envelope_of(body)
    except Malformed:
        return None
