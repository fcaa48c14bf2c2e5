"""Scores: one explained, its history, the feed of changes, and what people add or take."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from sqlalchemy import Connection
from ulid import ULID

from app import clock
from app.api.answers import Page, created, decode_cursor, encode_cursor, shown
from app.api.auth import Admin, Reader
from app.api.events import EventResult
from app.api.parameters import Count, Cursor, Day, Limit, Said, Version
from app.api.state import Service
from app.api.strict_json import StrictRoute
from app.errors import Conflict
from app.services import adjusting, scores
from app.services.score_feed import ChangedScore, changed_scores
from app.sources.event import Identifier

router = APIRouter(prefix="/v1", tags=["Scores"], route_class=StrictRoute)

PLACE: TypeAdapter[tuple[int]] = TypeAdapter(tuple[Count])


class History(BaseModel):
    """A partner's score, day by day."""

    partner: str
    items: list[scores.DayScore]


class AdjustmentForm(BaseModel):
    """Points that a person gives or takes."""

    model_config = ConfigDict(extra="forbid")

    points: float = Field(
        ge=-1_000_000, le=1_000_000, multiple_of=0.001, allow_inf_nan=False, strict=True, examples=[5]
    )
    reason: Annotated[Said, Field(max_length=500, examples=["asked for a demo at the fair"])]
    id: Identifier | None = Field(None, description="Makes sending it again harmless; made up if absent.")


@router.get("/partners/{partner:path}/score", response_model=scores.Score)
async def get_score(
    request: Request,
    service: Service,
    caller: Reader,
    partner: str,
    as_of: Annotated[
        Day | None, Query(description="A day, in the program's time zone; today if absent.")
    ] = None,
    rubric: Annotated[
        Version | None, Query(description="A stored version; the active one if absent.")
    ] = None,
) -> Response:
    """A partner's score and why it is what it is: a line per rule, which sum to the score."""
    now = clock.now()
    return shown(
        request,
        await service.database.read(
            lambda c: scores.score_of_partner(
                c, caller.program, partner, as_of=as_of, version=rubric, now=now
            )
        ),
    )


@router.get("/partners/{partner:path}/score/history", response_model=History)
async def get_history(
    request: Request,
    service: Service,
    caller: Reader,
    partner: str,
    first: Annotated[Day | None, Query(alias="from")] = None,
    last: Annotated[Day | None, Query(alias="to")] = None,
) -> Response:
    """A partner's score on each day, as the active rubric sees it; the last 30 days unless said otherwise."""
    now = clock.now()
    days = await service.database.read(
        lambda c: scores.score_history(c, caller.program, partner, first=first, last=last, now=now)
    )
    return shown(request, History(partner=partner, items=days))


@router.post("/partners/{partner:path}/adjustments", status_code=201, response_model=EventResult)
async def adjust(
    request: Request, service: Service, caller: Admin, partner: str, form: AdjustmentForm
) -> Response:
    """Give or take points, with a reason. They fade like all others and have a line of their own."""

    def make(connection: Connection, now: datetime) -> EventResult:
        result = adjusting.adjust(
            connection,
            caller.program,
            partner,
            id_=form.id or str(ULID()),
            points=form.points,
            reason=form.reason,
            by=caller.name,
            now=now,
        )
        if result.status == "conflict":
            raise Conflict(f"The adjustment {result.id!r} was made already, with other points or reason.")
        return EventResult.model_validate(result, from_attributes=True)

    return await created(request, service, caller.program, make)


@router.get("/scores", response_model=Page[ChangedScore])
async def get_changes(
    request: Request, service: Service, caller: Reader, limit: Limit = 50, cursor: Cursor = None
) -> Response:
    """The change feed: each partner whose score, band, grade or armed flag changed, in commit order.

    None is ever skipped. `next` is never null: keep it, and ask again from there. Fading alone is no change,
    until the band changes.
    """
    after = decode_cursor(cursor, PLACE)[0] if cursor else 0
    now = clock.now()
    changed, position = await service.database.read(
        lambda c: changed_scores(c, caller.program, after=after, limit=limit, now=now)
    )
    return shown(request, Page[ChangedScore](items=changed, next=encode_cursor([position])))
