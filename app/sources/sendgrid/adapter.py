"""The SendGrid adapter: its settings, its set-up, and whole requests."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from app.errors import FieldError, Invalid, Malformed
from app.sources.adapter import Incoming, Refused, Translation
from app.sources.sendgrid.item import event_of
from app.sources.sendgrid.properties import is_reserved
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


def _not_reserved(name: str) -> str:
    if is_reserved(name):
        raise ValueError(f"{name!r} is a field of SendGrid's own, not a custom argument")
    return name


class SendGridSettings(BaseModel):
    """How the mails of one SendGrid account tell us the partner."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    partner_argument: Annotated[str, AfterValidator(_not_reserved)] = Field(
        "partner_id",
        min_length=1,
        max_length=100,
        description="The custom argument (`custom_args`, `unique_args`) that carries the partner's id.",
    )


class SendGrid:
    """Reads SendGrid's event webhook."""

    kind = "sendgrid"
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

    def verify(self, incoming: Incoming, secrets: Sequence[str]) -> bool:
        """Whether one of the Verification Keys signed the request."""
        keys = filter(None, map(verification_key, secrets))
        return any(is_signed(incoming.headers, incoming.body, key=key) for key in keys)

    def translate(
        self, incoming: Incoming, settings: Mapping[str, Any], *, received_at: datetime
    ) -> Translation:
        """One event per item that tells of a partner's act; a bad item is refused alone."""
        argument = SendGridSettings.model_validate(settings).partner_argument
        events, refused = [], []
        for item in _items(incoming.body):
            try:
                events.append(event_of(item, partner_argument=argument, received_at=received_at))
            except ValueError as error:
                refused.append(Refused(item, _reason(error)))
        acts = [event for event in events if event is not None]
        return Translation(events=acts, refused=refused, ignored=len(events) - len(acts))


def _items(body: bytes) -> list[object]:
    # Not our strict reader: half an emoji, a stray byte or a NaN in one item would have it refuse the batch.
    # Read loosely, they are refused with the item they are in.
    try:
        items = json.loads(body.decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError) as error:
        raise Malformed("The body is not JSON.") from error
    if not isinstance(items, list):
        raise Malformed("SendGrid posts a JSON array of events; this body is no array.")
    return items


def _reason(error: ValueError) -> str:
    return "; ".join(_sentences(error)) if isinstance(error, ValidationError) else str(error)


def _sentences(error: ValidationError) -> Iterator[str]:
    for each in error.errors():
        where, message = ".".join(map(str, each["loc"])), each["msg"].removeprefix("Value error, ")
        yield f"`{where}` {message}" if where else message
