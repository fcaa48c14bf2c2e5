"""What a platform's request would come to, as people see it."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.sources.adapter import Introduction
from app.sources.event import NewEvent

_EXAMPLE: dict[str, Any] = {
    "events": [
        {
            "id": "5b1c",
            "type": "email.clicked",
            "occurred_at": "2026-03-02T09:06:00Z",
            "partner": "acme",
            "contact": "jo@acme.example",
            "source": None,
            "properties": {"url": "https://vendor.example/deals", "path": "/deals"},
            "verdict": "human",
            "verdict_reason": None,
            "path": "items.0",
            "why": {"type": "kind is 'click'", "id": "uuid", "contact": "learner.mail"},
        }
    ],
    "attendances": [],
    "respond": {"status": 200, "body": "ok", "headers": {}, "visit": None},
    "verified": None,
    "errors": [{"path": "items.1", "message": "`id` is missing", "item": '{"kind": "click"}'}],
    "ignored": [{"path": "items.2", "item": '{"kind": "sent"}', "why": {"type": "kind is 'sent'"}}],
    "introductions": [],
    "erasures": [],
}

PLACE = Field(description="Where in the request: `items.` and the item's number from 0.")
WHY = Field(description="For each field what in the mapping gave it; a native adapter does not say.")


class RehearsedEvent(NewEvent):
    """An event that would be recorded, whose contact or domain may say its partner then."""

    path: str = PLACE
    why: dict[str, str] = WHY


class RehearsalError(BaseModel):
    """An item that would be refused, or a body that would."""

    path: str = PLACE
    message: str
    item: str | None = Field(description="The item as JSON, or its beginning.")


class IgnoredItem(BaseModel):
    """An item that means nothing for a score."""

    path: str = PLACE
    item: str = Field(description="The item as JSON, or its beginning.")
    why: dict[str, str] = WHY


class Respond(BaseModel):
    """What the platform would hear."""

    status: int
    body: dict[str, Any] | str
    headers: dict[str, str]
    visit: str | None = Field(description="An address that would be fetched first, to confirm.")


class SourceRehearsal(BaseModel):
    """All that a request would come to."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    events: list[RehearsedEvent]
    attendances: list[NewEvent] = Field(
        description="What joining and leaving come to as far as this request tells; minutes come with others."
    )
    respond: Respond = Field(description="What it would hear; 401 instead if `verified` is false.")
    verified: bool | None = Field(
        description="Whether a secret vouches for it; null without a secret, or if a certificate that is"
        " needed for that cannot be had here."
    )
    errors: list[RehearsalError]
    ignored: list[IgnoredItem]
    introductions: list[Introduction] = Field(description="What would be learnt about people.")
    erasures: list[str] = Field(description="Who would be forgotten.")
