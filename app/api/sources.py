"""Sources: creating the URL to paste into a platform, and the door behind it."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from sqlalchemy import Connection

from app import clock
from app.api.answers import Page, created, decode_cursor, shown, shown_page
from app.api.auth import Admin, Reader
from app.api.parameters import BY_ID, Cursor, Limit, Rank
from app.api.state import Service
from app.api.strict_json import StrictRoute
from app.services import sources
from app.sources.event import Properties, Text

router = APIRouter(prefix="/v1/sources", tags=["Sources"], route_class=StrictRoute)


NEWEST = 2**31 - 1
PLACE: TypeAdapter[tuple[int]] = TypeAdapter(tuple[Rank])


class SourceForm(BaseModel):
    """A source to create."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "kind": "sendgrid",
                "name": "Newsletter",
                "secrets": ["MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE..."],
                "settings": {"partner_argument": "partner_id"},
            }
        },
    )

    kind: Annotated[Text, Field(max_length=50)]
    name: Annotated[Text, Field(min_length=1, max_length=100)]
    secrets: list[Annotated[Text, Field(max_length=4_000)]] = Field([], max_length=10)
    settings: Properties = Field({})


@router.post("", status_code=201, response_model=sources.NewSource)
async def create_source(request: Request, service: Service, caller: Admin, form: SourceForm) -> Response:
    """Create a source. The answer shows the URL to paste into the platform, this once, and the steps."""

    def make(connection: Connection, now: datetime) -> sources.NewSource:
        return sources.create_source(
            connection,
            service.vault,
            caller.program,
            form.kind,
            name=form.name,
            secrets_=form.secrets,
            settings=form.settings,
            public_url=service.settings.public_url,
            now=now,
        )

    return await created(request, service, caller.program, make)


@router.get("", response_model=Page[sources.Source])
async def list_sources(
    request: Request, service: Service, caller: Reader, limit: Limit = 50, cursor: Cursor = None
) -> Response:
    """Sources, oldest first."""
    after = decode_cursor(cursor, BY_ID)[0] if cursor else ""
    found = await service.database.read(
        lambda c: sources.list_sources(c, caller.program, after=after, limit=limit + 1)
    )
    return shown_page(request, found[:limit], [found[limit - 1].id] if len(found) > limit else None)


@router.get("/{source}", response_model=sources.Source)
async def get_source(request: Request, service: Service, caller: Reader, source: str) -> Response:
    """One source, without its key and secrets."""
    return shown(
        request, await service.database.read(lambda c: sources.get_source(c, caller.program, source))
    )


@router.get("/{source}/requests", response_model=Page[sources.SourceRequest])
async def list_requests(
    request: Request,
    service: Service,
    caller: Reader,
    source: str,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Requests of which something could not become an event, with the reasons, newest first."""
    before = decode_cursor(cursor, PLACE)[0] if cursor else NEWEST
    found = await service.database.read(
        lambda c: sources.list_requests(c, caller.program, source, before=before, limit=limit + 1)
    )
    return shown_page(request, found[:limit], [found[limit - 1].n] if len(found) > limit else None)


@router.delete("/{source}", status_code=204)
async def disable_source(service: Service, caller: Admin, source: str) -> None:
    """Accept nothing more at a source's URL; its events stay."""
    now = clock.now()
    await service.database.write(lambda c: sources.disable_source(c, caller.program, source, now=now))
