"""The SendGrid adapter: its settings, its set-up, and whole requests."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from app.errors import FieldError, Invalid, Malformed
from app.sources.adapter import Adapter, Incoming, Meaning, Translation
from app.sources.reading import loose_json, translated
from app.sources.sendgrid.item import event_of
from app.sources.sendgrid.settings import SendGridSettings
from app.sources.sendgrid.signature import is_signed, verification_key

NO_KEY = "at least one Verification Key of SendGrid's signed event webhook is needed"
BAD_KEY = "is no SendGrid Verification Key: paste the one line that SendGrid shows, without BEGIN and END"

# One step a line.
STEPS = """\
Open Settings > Mail Settings > Event Webhooks and edit the webhook whose Verification Key you gave.
Post URL: {url}
Actions to be posted: Delivered, Bounced, Opened, Clicked, Spam Reports and everything about (un)subscribing.
Security features: leave Signature Verification on.
Enable the webhook and save.
In each mail put the partner's id into the custom argument partner_id (or what partner_argument names).
Where it is missing the partner is found by the contact, or by the domain of the address.
"""


class SendGrid(Adapter):
    """Reads SendGrid's event webhook."""

    kind = "sendgrid"
    title = "SendGrid"
    settings_model: type[BaseModel] = SendGridSettings

    def steps(self, url: str) -> list[str]:
        """The way through SendGrid's settings pages."""
        return STEPS.format(url=url).splitlines()

    def check_secrets(self, secrets: Sequence[str]) -> None:
        """A secret is a Verification Key: a P-256 public key, base64 of its DER form."""
        if not secrets:
            raise Invalid("The source has no secret.", errors=[FieldError("secrets", NO_KEY)])
        bad = [
            FieldError(f"secrets.{n}", BAD_KEY)
            for n, each in enumerate(secrets)
            if not verification_key(each)
        ]
        if bad:
            raise Invalid("A secret cannot verify SendGrid's signatures.", errors=bad)

    def verify(self, incoming: Incoming, secrets: Sequence[str], *, received_at: datetime) -> bool:
        """Whether one of the Verification Keys signed the request."""
        keys = filter(None, map(verification_key, secrets))
        return any(is_signed(incoming.headers, incoming.body, key=key) for key in keys)

    def translate(
        self, incoming: Incoming, settings: Mapping[str, Any], *, received_at: datetime
    ) -> Translation:
        """One event per item that tells of a partner's act; a bad item is refused alone."""
        known = SendGridSettings.model_validate(settings)

        def read(item: object) -> Meaning:
            event = event_of(item, known, incoming, received_at=received_at)
            return Meaning(events=(event,)) if event else Meaning()

        return translated(_items(incoming.body), read)


def _items(body: bytes) -> list[object]:
    items = loose_json(body)
    if not isinstance(items, list):
        raise Malformed("SendGrid posts a JSON array of events; this body is no array.")
    return items
