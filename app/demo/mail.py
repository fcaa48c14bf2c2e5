"""A stand-in for SendGrid: its items, and requests signed as it signs them."""

import base64
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.demo.stories import Act
from app.sources.sendgrid.signature import SIGNATURE_HEADER, TIMESTAMP_HEADER

BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
EVENTS = {
    "email.delivered": "delivered",
    "email.opened": "open",
    "email.clicked": "click",
    "email.bounced": "bounce",
    "email.complained": "spamreport",
    "email.unsubscribed": "unsubscribe",
}


def item(act: Act, at: datetime, *, number: int, email: str, partner: str | None) -> dict[str, Any]:
    """The act as SendGrid reports it; `partner` is the custom argument, where the sender set one."""
    campaign = act.properties["campaign"]
    return {
        "email": email,
        "timestamp": int(at.timestamp()),
        "event": EVENTS[act.type],
        "sg_event_id": f"sg-{number:05}",
        "sg_message_id": f"{campaign.split()[0].lower()}.filter0001.{act.who}",
        "category": [campaign, "partner-nurture"],
        **({"partner_id": partner} if partner else {}),
        **_details(act),
    }


def _details(act: Act) -> dict[str, Any]:
    match act.type:
        case "email.opened":
            machine = act.properties.get("machine", False)
            return {"sg_machine_open": machine, "useragent": "Mozilla/5.0" if machine else BROWSER}
        case "email.clicked":
            return {"url": act.properties["url"], "useragent": BROWSER}
        case "email.bounced":
            return {"type": "bounce", "status": "5.1.1", "reason": "550 no such mailbox"}
        case _:
            return {}


class Mailer:
    """Signs with a key of its own, made anew for each demo."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def verification_key(self) -> str:
        """What SendGrid's settings page shows: the public key's DER form in base64."""
        der = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(der).decode()

    def request(self, items: Sequence[dict[str, Any]], at: datetime) -> tuple[bytes, dict[str, str]]:
        """Body and headers of a signed batch."""
        body = json.dumps(items).encode() + b"\r\n"
        timestamp = str(int(at.timestamp()))
        signature = self._key.sign(timestamp.encode() + body, ec.ECDSA(SHA256()))
        return body, {
            "content-type": "application/json",
            SIGNATURE_HEADER: base64.b64encode(signature).decode(),
            TIMESTAMP_HEADER: timestamp,
        }
