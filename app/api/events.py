"""Events: posted alone or by the thousand, listed, judged."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from pydantic_core import to_json

from app import clock
from app.api.answers import Page, decode_cursor, shown, shown_page
from app.api.auth import Admin, Caller, Reader, Sender, caller_of
from app.api.etags import JSON
from app.api.event_bodies import Item, Unread, read_events
from app.api.fast_lane import LaneRequest
from app.api.parameters import Cursor, Limit, Moment, Said
from app.api.problems import FaultyField
from app.api.state import Service, State
from app.api.strict_json import StrictRoute
from app.services import reading_ledger, verdicts
from app.services.recording import Result
from app.sources.event import NewEvent, Text

router = APIRouter(prefix="/v1/events", tags=["Events"], route_class=StrictRoute)

STATUSES = ("accepted", "duplicate", "conflict", "parked", "rejected")
PLACE: TypeAdapter[tuple[datetime, str, str]] = TypeAdapter(tuple[Moment, Text, Text])

Verdict = Literal["human", "machine", "internal", "settling", "superseded"]
Status = Literal["accepted", "duplicate", "conflict", "parked", "rejected"]

_SCHEMA = {"$ref": "#/components/schemas/NewEvent"}
_BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {"anyOf": [_SCHEMA, {"type": "array", "items": _SCHEMA, "maxItems": 1000}]},
            "example": {
                "id": "evt-1",
                "type": "email.clicked",
                "occurred_at": "2026-03-02T09:06:00Z",
                "partner": "acme",
                "contact": "jo@acme.example",
                "source": "marketo",
                "properties": {
                    "campaign": "spring-storage",
                    "url": "https://vendor.example/deal-registration",
                },
            },
        },
        "application/x-ndjson": {"schema": {"type": "string"}},
        "application/cloudevents+json": {"schema": {"type": "object"}},
        "application/cloudevents-batch+json": {"schema": {"type": "array", "items": {"type": "object"}}},
    },
}


class EventResult(BaseModel):
    """What became of one event."""

    id: str | None
    status: Status
    partner: str | None = Field(description="The partner it counts for; null while parked.")
    score: float | None = Field(description="The partner's score once the request was counted.")
    handoff: str | None = Field(description="The hand-off that it opened.")
    errors: list[FaultyField] | None = None


class EventResults(BaseModel):
    """What became of each event, in the order they were sent."""

    accepted: int
    duplicate: int
    conflict: int
    parked: int
    rejected: int
    results: list[EventResult]


@router.post(
    "",
    response_model=EventResults,
    openapi_extra={"requestBody": _BODY},
    responses={
        413: {"description": "Too many bytes or events"},
        429: {"description": "Try again in a moment"},
    },
)
async def post_events(request: Request, service: Service, caller: Sender) -> Response:
    """Record events; the answer comes once they are durable and counted.

    One event, an array of up to 1,000, NDJSON of up to 10,000, or CloudEvents 1.0 in any mode. Every event
    has its own result. Sending an event again, after a time-out for example, is harmless. Events are taken at
    their word: bursts of clicks are looked for only in what a platform posts to a source.
    """
    items = read_events(request.headers, await request.body(), source=caller.name)
    return await _recorded(service, caller, items)


async def post_events_fast(request: LaneRequest) -> Response:
    """`post_events` in the fast lane."""
    caller = await caller_of(request, "events:write")
    items = read_events(request.headers, await request.body(), source=caller.name)
    return await _recorded(request.service, caller, items)


async def _recorded(service: State, caller: Caller, items: Sequence[Item]) -> Response:
    events = [item for item in items if isinstance(item, NewEvent)]
    recorded = iter(await service.committer.record(caller.program, events))
    results = [item.result if isinstance(item, Unread) else next(recorded) for item in items]
    statuses = [result.status for result in results]
    document: dict[str, Any] = {status: statuses.count(status) for status in STATUSES}
    document["results"] = [_shown(result) for result in results]
    return Response(to_json(document), media_type=JSON)


def _shown(result: Result) -> dict[str, Any]:
    shown_result: dict[str, Any] = {
        "id": result.id,
        "status": result.status,
        "partner": result.partner,
        "score": result.score,
        "handoff": result.handoff,
    }
    if result.errors:
        shown_result["errors"] = [{"path": each.path, "message": each.message} for each in result.errors]
    return shown_result


@router.get("", response_model=Page[reading_ledger.Event])
async def list_events(
    request: Request,
    service: Service,
    caller: Reader,
    partner: str | None = None,
    contact: str | None = None,
    type_: Annotated[str | None, Query(alias="type")] = None,
    source: str | None = None,
    verdict: Annotated[Verdict | None, Query(description="Whether, or why not, it counts.")] = None,
    since: Annotated[Moment | None, Query(description="Occurred then or later.")] = None,
    until: Annotated[Moment | None, Query(description="Occurred before then.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Events, newest first."""
    wanted = reading_ledger.Wanted(
        partner=partner, contact=contact, type=type_, source=source, verdict=verdict, since=since, until=until
    )
    return await _page(request, service, caller.program, wanted, limit=limit, cursor=cursor)


@router.get("/parked", response_model=Page[reading_ledger.Event])
async def list_parked(
    request: Request, service: Service, caller: Reader, limit: Limit = 50, cursor: Cursor = None
) -> Response:
    """Events whose partner is not known yet, newest first. They count as soon as it is."""
    wanted = reading_ledger.Wanted(parked=True)
    return await _page(request, service, caller.program, wanted, limit=limit, cursor=cursor)


async def _page(
    request: Request,
    service: Service,
    program: str,
    wanted: reading_ledger.Wanted,
    *,
    limit: int,
    cursor: str | None,
) -> Response:
    before = decode_cursor(cursor, PLACE) if cursor else None
    events = await service.database.read(
        lambda c: reading_ledger.list_events(c, program, wanted, before=before, limit=limit + 1)
    )
    more = len(events) > limit
    last = events[limit - 1] if more else None
    return shown_page(request, events[:limit], (last.occurred_at, last.source, last.id) if last else None)


class VerdictChange(BaseModel):
    """A person's word on whether an event counts."""

    model_config = ConfigDict(extra="forbid")

    verdict: Literal["human", "machine", "internal"] = Field(examples=["machine"])
    reason: Annotated[Said, Field(max_length=500, examples=["link scanner at the firewall"])]


@router.patch("/{source:path}/{id_}", response_model=reading_ledger.Event)
async def change_verdict(
    request: Request, service: Service, caller: Admin, source: str, id_: str, change: VerdictChange
) -> Response:
    """Change whether an event counts; no rule changes it again.

    The score follows. An unclaimed hand-off that no longer stands is withdrawn.
    """
    now = clock.now()
    event = await service.database.write(
        lambda c: verdicts.change_verdict(
            c,
            caller.program,
            source,
            id_,
            verdict=change.verdict,
            reason=change.reason,
            by=caller.name,
            now=now,
        )
    )
    service.wake()
    return shown(request, reading_ledger.event_view(event))
