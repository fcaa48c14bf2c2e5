"""Scores: one explained, its history, and what people add or take."""

from collections.abc import Collection
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection
from ulid import ULID

from app import clock
from app.api.answers import created, shown
from app.api.auth import Admin, Reader, caller_of
from app.api.etags import Content, content_of
from app.api.events import EventResult
from app.api.fast_lane import LaneRequest
from app.api.parameters import Day, Said, Version
from app.api.state import Service
from app.api.strict_json import StrictRoute
from app.errors import Conflict
from app.services import adjusting, scores
from app.services.partners import unknown_partner
from app.sources.event import Identifier

router = APIRouter(prefix="/v1", tags=["Scores"], route_class=StrictRoute)


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


async def get_score_fast(request: LaneRequest) -> Response | None:
    """`get_score` in the fast lane: that of today under the active rubric, read with others."""
    if request.scope["query_string"]:
        return None
    caller, partner = await caller_of(request, "read"), request.path_params["partner"]
    content = await request.service.scores.get(caller.program, partner)
    if content is None:
        raise unknown_partner(partner)
    return content.answer(request)


def read_scores(connection: Connection, program: str, partners: Collection[str]) -> dict[str, Content | None]:
    """Today's scores under the active rubric; None for a partner that there is not."""
    found = scores.scores_of_partners(connection, program, partners, now=clock.now())
    return {each: content_of(found[each]) if each in found else None for each in partners}


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

    response = await created(request, service, caller.program, make)
    service.wake()
    return response
