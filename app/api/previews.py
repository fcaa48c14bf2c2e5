"""Previews: exactly whom a version would put into or take out of the call queue, before it goes live."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, TypeAdapter

from app import clock
from app.api.answers import Page, decode_cursor, shown, shown_page
from app.api.auth import Admin, Reader
from app.api.etags import JSON
from app.api.parameters import Cursor, Day, Limit, Version
from app.api.state import Service
from app.api.strict_json import StrictRoute
from app.background.previews import make_preview
from app.services import previewing
from app.services.signal_counting import missing_signals
from app.sources.event import Text

router = APIRouter(prefix="/v1/rubrics/{version}/preview", tags=["Rubrics"], route_class=StrictRoute)

PLACE: TypeAdapter[tuple[float, str]] = TypeAdapter(tuple[FiniteFloat, Text])
AsOf = Annotated[Day | None, Query(description="The day of the preview; the one begun last if absent.")]


class PreviewForm(BaseModel):
    """What to preview."""

    model_config = ConfigDict(extra="forbid")

    as_of: Day | None = Field(None, description="Today, or any day in the past.")


@router.post(
    "",
    response_model=previewing.Preview,
    responses={
        202: {"model": previewing.Preview, "description": "Its signals are being counted; GET follows it"}
    },
)
async def start_preview(
    service: Service, caller: Admin, version: Version, form: PreviewForm | None = None
) -> Response:
    """Compare a version with the active one, for every partner.

    Answers at once when all its signals are tallied; else they are counted from the ledger first.
    """
    now, as_of = clock.now(), form.as_of if form else None
    key = await service.database.write(
        lambda c: previewing.start_preview(c, caller.program, version, as_of=as_of, now=now)
    )
    if await service.database.read(lambda c: missing_signals(c, caller.program, version)):
        service.wake_previewer()
        status = 202
    else:
        await make_preview(service.database, key)
        status = 200
    view = await service.database.read(
        lambda c: previewing.get_preview(c, caller.program, version, as_of=as_of)
    )
    return Response(view.model_dump_json(exclude_none=status == 202), status, media_type=JSON)


@router.get("", response_model=previewing.Preview)
async def get_preview(
    request: Request, service: Service, caller: Reader, version: Version, as_of: AsOf = None
) -> Response:
    """How far a preview is, or what it found and when."""
    return shown(
        request,
        await service.database.read(
            lambda c: previewing.get_preview(c, caller.program, version, as_of=as_of)
        ),
    )


@router.get("/{side}", response_model=Page[previewing.PreviewItem])
async def list_passing(
    request: Request,
    service: Service,
    caller: Reader,
    version: Version,
    side: Literal["entering", "leaving"],
    as_of: AsOf = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Everybody who would enter or leave the queue, highest score first."""
    after = decode_cursor(cursor, PLACE) if cursor else None
    found = await service.database.read(
        lambda c: previewing.list_passing(
            c, caller.program, version, side, as_of=as_of, after=after, limit=limit + 1
        )
    )
    items = [previewing.PreviewItem.model_validate(each, from_attributes=True) for each in found[:limit]]
    last = found[limit - 1] if len(found) > limit else None
    return shown_page(request, items, (last.score, last.partner) if last else None)
