"""What can be asked of sources."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.sources.event import Properties, Text

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
