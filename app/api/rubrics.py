"""Rubrics: checked, stored as versions, made active."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from sqlalchemy import Connection

from app.api.answers import Page, created, decode_cursor, shown, shown_page
from app.api.auth import Admin, Reader, allowed
from app.api.parameters import MOST_VERSIONS, Cursor, Limit, Version
from app.api.state import Service
from app.api.strict_json import StrictRoute, read_json
from app.background.activation import build
from app.errors import Malformed, UnsupportedMedia
from app.scoring.reading import read_rubric, rubric_schema
from app.scoring.rubric import Rubric
from app.services import rubrics
from app.services.activating import Opening, switch
from app.sources.event import Text

router = APIRouter(prefix="/v1/rubrics", tags=["Rubrics"], route_class=StrictRoute)

YAML = ("application/yaml", "application/x-yaml", "text/yaml")
PLACE: TypeAdapter[tuple[int]] = TypeAdapter(tuple[Version])

_EXAMPLE = {
    "name": "Partner nurture",
    "time_zone": "America/Denver",
    "rules": [
        {"id": "click", "on": "email.clicked", "points": 5, "at_most": {"times": 2, "per": "week"}},
        {"id": "webinar", "on": "webinar.attended", "points": 10, "where": {"minutes": {"at_least": 30}}},
    ],
    "fade": {"half_life_days": 30},
    "bands": {"cold": 0, "warm": 10, "hot": 25},
    "handoff": {"at": 25, "rearm_below": 15},
}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"type": "object"}, "example": _EXAMPLE},
            "application/yaml": {"schema": {"type": "string"}},
        },
    }
}


Note = Annotated[
    Text | None, Query(max_length=500, description="Why this version, for those who come after.")
]


class Activation(BaseModel):
    """How to activate."""

    model_config = ConfigDict(extra="forbid")

    open_handoffs: bool = Field(False, description="Hand off partners that are past the threshold now.")
    limit: int | None = Field(None, ge=1, description="How many at most, best first; all if absent.")


class Check(BaseModel):
    """A rubric that is valid, with its defaults spelt out."""

    valid: bool
    document: dict[str, Any]


@router.post("", status_code=201, response_model=rubrics.StoredRubric, openapi_extra=_BODY)
async def store_rubric(request: Request, service: Service, caller: Admin, note: Note = None) -> Response:
    """Store a rubric, as JSON or YAML, as the next version. The same content again is the version it had."""
    rubric = await _read(request)

    def make(connection: Connection, now: datetime) -> rubrics.StoredRubric:
        return rubrics.store_rubric(connection, caller.program, rubric, by=caller.name, now=now, note=note)

    return await created(request, service, caller.program, make)


@router.post("/check", openapi_extra=_BODY, dependencies=[Depends(allowed("read"))])
async def check_rubric(request: Request) -> Check:
    """Check a rubric and store nothing: every error at once, each with its path."""
    return Check(valid=True, document=(await _read(request)).document())


@router.get("", response_model=Page[rubrics.StoredRubric])
async def list_rubrics(
    request: Request, service: Service, caller: Reader, limit: Limit = 50, cursor: Cursor = None
) -> Response:
    """All versions, newest first."""
    before = decode_cursor(cursor, PLACE)[0] if cursor else MOST_VERSIONS
    found = await service.database.read(
        lambda c: rubrics.list_rubrics(c, caller.program, before=before, limit=limit + 1)
    )
    return shown_page(request, found[:limit], [found[limit - 1].version] if len(found) > limit else None)


class SchemaResponse(JSONResponse):
    """A JSON Schema."""

    media_type = "application/schema+json"


@router.get("/schema", response_class=SchemaResponse)
async def get_schema() -> SchemaResponse:
    """The JSON Schema of a rubric; point your editor at it. Needs no key."""
    return SchemaResponse(rubric_schema())


@router.get("/active", response_model=rubrics.StoredRubric)
async def get_active(request: Request, service: Service, caller: Reader) -> Response:
    """The version that scores are made with."""
    return shown(request, await service.database.read(lambda c: rubrics.get_rubric(c, caller.program, None)))


@router.get("/{version}", response_model=rubrics.StoredRubric)
async def get_rubric(request: Request, service: Service, caller: Reader, version: Version) -> Response:
    """One version."""
    return shown(
        request, await service.database.read(lambda c: rubrics.get_rubric(c, caller.program, version))
    )


@router.get("/{old}/diff/{new}", response_model=rubrics.RubricDifference)
async def diff_rubrics(
    request: Request, service: Service, caller: Reader, old: Version, new: Version
) -> Response:
    """What differs between two versions, as data and in words."""
    found = await service.database.read(lambda c: rubrics.diff_rubrics(c, caller.program, old, new))
    return shown(request, found)


@router.delete("/{version}", status_code=204)
async def drop_rubric(service: Service, caller: Admin, version: Version) -> None:
    """Delete a draft. A version that has been active stays."""
    await service.database.write(lambda c: rubrics.drop_rubric(c, caller.program, version))


@router.post("/{version}/activate", response_model=rubrics.StoredRubric)
async def activate(
    request: Request, service: Service, caller: Admin, version: Version, how: Activation | None = None
) -> Response:
    """Score everything by this version, the past included. Opens no hand-off for the past unless asked to.

    Events keep arriving while the new scores are built; then everything switches in one transaction. Rolling
    back is activating an older version.
    """
    opening = Opening(how.open_handoffs, how.limit) if how else Opening()
    await build(service.database, caller.program, version)

    def make(connection: Connection, now: datetime) -> rubrics.StoredRubric:
        return switch(connection, caller.program, version, by=caller.name, now=now, opening=opening)

    answer = await created(request, service, caller.program, make, status=200)
    service.wake()
    return answer


async def _read(request: Request) -> Rubric:
    kind = request.headers.get("content-type", "application/json").split(";")[0].strip().lower()
    body = await request.body()
    if kind in YAML:
        return read_rubric(body)
    if kind != "application/json":
        raise UnsupportedMedia(f"Send a rubric as application/json or {YAML[0]}.")
    document = read_json(body)
    if not isinstance(document, dict):
        raise Malformed("A rubric is a JSON object.")
    return read_rubric(document)
