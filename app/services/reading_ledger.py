"""Reading the ledger as people see it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from app import store
from app.services.contacts import names_of
from app.store.ledger import LedgerEvent


class Event(BaseModel):
    """An event of the ledger."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "source": "marketo",
                "id": "evt-1",
                "type": "email.clicked",
                "occurred_at": "2026-03-02T09:06:00Z",
                "received_at": "2026-03-02T09:06:02Z",
                "partner": "acme",
                "contact": "jo@acme.example",
                "persona": "technical",
                "verdict": "human",
                "verdict_reason": None,
                "judged_by": None,
                "properties": {"campaign": "spring-storage"},
            }
        }
    )

    source: str
    id: str
    type: str
    occurred_at: datetime
    received_at: datetime
    partner: str | None = Field(description="The identity it came in for; null while parked.")
    contact: str | None
    persona: str | None
    verdict: str = Field(
        description="`human` if it counts; else `machine`, `internal` (of the house), `settling` (a click"
        " that waits in case it is part of a burst), or `superseded` (by a later event that says more)."
    )
    verdict_reason: str | None
    judged_by: str | None = Field(
        description="The key of the person whose word the verdict is; null if it came so, or a rule said so."
    )
    properties: dict[str, Any]


@dataclass(frozen=True)
class Wanted:
    """Which events to read."""

    partner: str | None = None
    contact: str | None = None
    type: str | None = None
    source: str | None = None
    verdict: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    parked: bool = False


def list_events(
    connection: Connection,
    program: str,
    wanted: Wanted,
    *,
    before: tuple[datetime, str, str] | None,
    limit: int,
) -> list[Event]:
    """Events, newest first; a partner's with those of partners merged into it, a contact's by any name."""
    named = {"type": wanted.type, "source": wanted.source, "verdict": wanted.verdict}
    allowed = {name: [value] for name, value in named.items() if value is not None}
    if wanted.partner is not None:
        members = store.partners.members(connection, program, [wanted.partner])
        allowed["partner"] = [*{*members, wanted.partner}]
    if wanted.contact is not None:
        allowed["contact"] = names_of(connection, program, wanted.contact)
    events = store.ledger.page(
        connection,
        program,
        allowed=allowed,
        parked=wanted.parked,
        since=wanted.since,
        until=wanted.until,
        before=before,
        limit=limit,
    )
    return [event_view(event) for event in events]


def event_view(event: LedgerEvent) -> Event:
    """An event without what is ours alone."""
    return Event(**{name: value for name, value in event._asdict().items() if name in Event.model_fields})
