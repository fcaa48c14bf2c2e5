"""Insights: how far partners get, and what came of the calls."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app import clock
from app.api.auth import Reader
from app.api.etags import JSON
from app.api.parameters import Day
from app.api.state import Service
from app.api.strict_json import StrictRoute
from app.scoring.fields import PROPERTY_PATH
from app.services.funnel import funnel
from app.services.funnel_view import FunnelView
from app.services.outcomes import Outcomes, outcomes
from app.sources.event import Text

router = APIRouter(prefix="/v1/insights", tags=["Insights"], route_class=StrictRoute)

First = Annotated[
    Day | None,
    Query(alias="from", description="The first day, in the program's time zone; the 90th to `to` if absent."),
]
Last = Annotated[Day | None, Query(alias="to", description="The last day, included; today if absent.")]
By = Annotated[
    Text | None,
    Query(max_length=200, pattern=PROPERTY_PATH, description="A dotted path into the partners' attributes."),
]


@router.get("/funnel", response_model=FunnelView)
async def get_funnel(
    service: Service, caller: Reader, first: First = None, last: Last = None, by: By = None
) -> Response:
    """From the first event to the end of the call: how many partners got how far, and how long it took.

    Of the partners whose first human event was in the period. A partner counts once at each step, with the
    first of its hand-offs that got so far; whoever is at a later step has passed the earlier ones, at the
    latest then. Hand-offs that were withdrawn count for nothing. With `by`, the same for each segment.
    """
    now = clock.now()
    found = await service.database.read(
        lambda c: funnel(c, caller.program, first=first, last=last, by=by, now=now)
    )
    return Response(found.model_dump_json(by_alias=True), media_type=JSON)


@router.get("/outcomes", response_model=Outcomes)
async def get_outcomes(service: Service, caller: Reader, first: First = None, last: Last = None) -> Response:
    """What came of the hand-offs that were closed in the period: per rule, per band, and in all."""
    now = clock.now()
    found = await service.database.read(
        lambda c: outcomes(c, caller.program, first=first, last=last, now=now)
    )
    return Response(found.model_dump_json(by_alias=True), media_type=JSON)
