"""Sources as people see them: never with a secret, with the key only when it is made."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.store.sources import SourceRow

_SOURCE: dict[str, Any] = {
    "id": "src_01JCV7K8Q2W5X3Y9Z0A1B2C3D4",
    "kind": "sendgrid",
    "name": "Newsletter",
    "settings": {"partner": [{"path": "partner_id"}]},
    "mapping": None,
    "created_at": "2026-02-01T08:00:00Z",
    "disabled_at": None,
    "unverified_at": None,
}


class Source(BaseModel):
    """A platform that posts its own format."""

    model_config = ConfigDict(json_schema_extra={"example": _SOURCE})

    id: str
    kind: str = Field(description="A native adapter or a preset; `mapping` if it has one of your own.")
    name: str
    settings: dict[str, Any]
    mapping: str | None = Field(description="The mapping as it was given.")
    created_at: datetime
    disabled_at: datetime | None
    unverified_at: datetime | None = Field(
        description="When a request came that no secret vouched for, the last but for a minute: is the"
        " secret the platform's?"
    )


class NewSource(Source):
    """A source with its URL: shown when it is made and when its key is rotated, and never again."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                **_SOURCE,
                "key": "...",
                "url": "https://handraiser.vendor.example/in/...",
                "steps": ["In SendGrid, open ..."],
            }
        }
    )

    key: str
    url: str = Field(description="What to paste into the platform.")
    steps: list[str] = Field(description="What to do there, in its own words.")


def source_view(row: SourceRow) -> Source:
    """A source without what is ours alone."""
    return Source.model_validate(row, from_attributes=True)
