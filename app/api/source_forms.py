"""What can be asked of sources."""

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.errors import FieldError, Invalid
from app.sources.adapter import Incoming
from app.sources.event import Instant, Properties, Text

Kind = Annotated[Text, Field(max_length=50)]
Name = Annotated[Text, Field(min_length=1, max_length=100)]
Secrets = Annotated[list[Annotated[Text, Field(max_length=4_000)]], Field(max_length=10)]
Mapping = Annotated[
    Annotated[Text, Field(max_length=100_000)] | dict[str, Any],
    Field(description="A document as in docs/reference/mapping.md: an object, or YAML in a text."),
]


class SourceForm(BaseModel):
    """A source to create: of a kind, or with a mapping of your own."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "kind": "sendgrid",
                "name": "Newsletter",
                "secrets": ["MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE..."],
                "settings": {"partner": [{"path": "partner_id"}]},
            }
        },
    )

    kind: Kind | None = None
    mapping: Mapping | None = None
    name: Name
    secrets: Secrets = []
    settings: Properties = {}


class SourceChange(BaseModel):
    """What is to be changed; what is left out stays. Secrets and settings are replaced as a whole."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"secrets": ["new", "old"]}})

    name: Name | None = None
    mapping: Mapping | None = None
    secrets: Secrets | None = None
    settings: Properties | None = None


class RetryForm(BaseModel):
    """Which requests are to be taken again."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"status": ["quarantined"]}})

    status: list[Literal["quarantined", "unreadable", "failed"]] = Field(
        ["quarantined", "unreadable", "failed"], min_length=1
    )


class RotateKeyForm(BaseModel):
    """How the old URL ends."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"expire_previous": True}})

    expire_previous: bool = Field(
        False, description="Refuse the old URL at once, because it leaked; else it is good for 24 hours."
    )


class RehearsalForm(BaseModel):
    """A request to try, and what to try it with: a kind, a mapping or a source."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "kind": "sendgrid",
                "headers": {"Content-Type": "application/json"},
                "body": [
                    {
                        "email": "jo@acme.example",
                        "timestamp": 1772442360,
                        "event": "click",
                        "sg_event_id": "ev-1",
                        "url": "https://vendor.example/deals?partner_id=acme",
                    }
                ],
            }
        },
    )

    kind: Kind | None = None
    mapping: Mapping | None = None
    source: Text | None = Field(None, description="The id of a source of yours.")
    settings: Properties | None = Field(None, description="The source's own if absent.")
    secrets: Secrets | None = Field(
        None,
        description="To verify with; the source's own if absent. With an empty list nothing is verified.",
    )
    method: Literal["POST", "GET", "HEAD", "OPTIONS"] = "POST"
    url: Text = Field(
        "", max_length=2_000, description="The whole URL as it was called, which HubSpot signs."
    )
    path: Text = Field(
        "", max_length=2_000, description="What follows the key in the URL, as in `/v1/batch`."
    )
    query: dict[Text, Text] = Field({}, max_length=100)
    headers: dict[Text, Text] = Field({}, max_length=100)
    body: Any = Field(
        None,
        description="A text is taken as it came; anything else is written as JSON. Signatures are over bytes:"
        " to verify one, send the text, byte for byte.",
    )
    encoding: Literal["text", "base64"] = Field(
        "text", description="What a text is: the body itself, or base64 of it, for gzip and the like."
    )
    received_at: Instant | None = Field(
        None, description="When it came; now if absent. Some signatures are good for minutes only."
    )

    def changes(self) -> tuple[dict[str, Any] | None, Sequence[str] | None]:
        """Settings and secrets in place of the source's own."""
        return self.settings, self.secrets

    def incoming(self) -> Incoming:
        """The request. Raises Invalid for a body that is not base64."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Incoming(headers, self._bytes(), self.query, method=self.method, url=self.url, path=self.path)

    def _bytes(self) -> bytes:
        if self.body is None:
            return b""
        if not isinstance(self.body, str):
            return json.dumps(self.body, ensure_ascii=False).encode()
        if self.encoding == "text":
            return self.body.encode()
        try:
            return base64.b64decode(self.body, validate=True)
        except (binascii.Error, ValueError) as error:
            errors = [FieldError("body", "must be base64, as `encoding` says")]
            raise Invalid("The body cannot be read.", errors=errors) from error


def mapping_text(mapping: str | dict[str, Any] | None) -> str | None:
    """A mapping as it is stored: as it was written, or as JSON, which YAML is as well."""
    return json.dumps(mapping, indent=2, ensure_ascii=False) if isinstance(mapping, dict) else mapping
