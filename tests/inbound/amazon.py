"""The Amazon that our service sees: its certificate, its confirmations, and what it signs."""

import base64
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from app import clock

TOPIC = "arn:aws:sns:eu-west-1:111122223333:ses-events"
CERTIFICATE = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0000.pem"
NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _certificate() -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=KEY.public_key(),
        serial_number=1,
        not_valid_before=clock.now() - timedelta(days=1),
        not_valid_after=clock.now() + timedelta(days=1),
    )
    return made.sign(KEY, SHA256()).public_bytes(Encoding.PEM)


class Amazon:
    """Answers for every address that it has; remembers which were visited."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes] = {CERTIFICATE: _certificate()}
        self.visited: list[str] = []

    async def get(self, address: str) -> bytes | None:
        """A visit."""
        self.visited.append(address)
        return self.pages.get(address)

    async def lasting(self, address: str) -> bytes | None:
        """A certificate."""
        return self.pages.get(address)


def signed(message: Mapping[str, Any]) -> dict[str, Any]:
    """The message with Amazon's signature, in version 2."""
    names = NOTIFICATION if message["Type"] == "Notification" else CONFIRMATION
    text = "".join(f"{name}\n{message[name]}\n" for name in names if name in message)
    signature = KEY.sign(text.encode(), padding.PKCS1v15(), SHA256())
    return {**message, "SignatureVersion": "2", "Signature": base64.b64encode(signature).decode()}
