"""Partners: written by a CRM or by hand, listed by how warm they are, merged and un-merged."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from sqlalchemy import Connection

from app import clock
from app.api.answers import Page, created, decode_cursor, shown, shown_page
from app.api.auth import Admin, Reader
from app.api.etags import require_match
from app.api.parameters import Cursor, Limit, Moment
from app.api.partner_batch import BatchResults, read_batch
from app.api.partner_forms import PartnerChange, PartnerForm
from app.api.state import Service
from app.api.strict_json import StrictRoute
from app.services import merging, partner_list, partners
from app.services.rulebook import hold_rulebook
from app.sources.event import Identifier, Text

router = APIRouter(prefix="/v1/partners", tags=["Partners"], route_class=StrictRoute)


PLACES: dict[str, TypeAdapter[tuple[Any, str]]] = {
    "-score": TypeAdapter(tuple[float, Text]),
    "name": TypeAdapter(tuple[Text, Text]),
    "-last_event_at": TypeAdapter(tuple[Moment, Text]),
}
"""Where a page begins, for each order."""


class MergeForm(BaseModel):
    """Where a partner's events shall count from now on."""

    model_config = ConfigDict(extra="forbid")

    into: Identifier = Field(examples=["acme"])


@router.get("", response_model=Page[partners.Partner])
async def list_partners(
    request: Request,
    service: Service,
    caller: Reader,
    band: str | None = None,
    grade: str | None = None,
    min_score: Annotated[float | None, Query(allow_inf_nan=False)] = None,
    owner: str | None = None,
    q: Annotated[str | None, Query(description="Part of the name or the id.", max_length=200)] = None,
    sort: Literal["-score", "name", "-last_event_at"] = "-score",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Partners that are not archived or merged; the warmest first unless sorted otherwise."""
    order = partner_list.ORDERS[sort]
    wanted = partner_list.Wanted(
        band=band, grade=grade, min_score=min_score, owner=owner, text=q, order=order
    )
    after = decode_cursor(cursor, PLACES[sort]) if cursor else None
    found, following = await service.database.read(
        lambda c: partner_list.list_partners(
            c, caller.program, wanted, after=after, limit=limit, now=clock.now()
        )
    )
    return shown_page(request, found, following)


@router.post("/batch", response_model=BatchResults, openapi_extra=BatchResults.openapi_body())
async def put_batch(request: Request, service: Service, caller: Admin) -> Response:
    """Create or replace up to 1,000 partners; each has its own result, and a bad one harms no other."""
    good, results = read_batch(await request.body())

    def make(connection: Connection, now: datetime) -> BatchResults:
        put = list(good.values())
        new = partners.put_partners(connection, caller.program, put, now=now) if put else set()
        return BatchResults(results=[result.told(new) for result in results])

    answer = await created(request, service, caller.program, make, status=200)
    service.wake()
    return answer


@router.put(
    "/{partner:path}", response_model=partners.Partner, responses={201: {"description": "It was new"}}
)
async def put_partner(
    request: Request, service: Service, caller: Admin, partner: Identifier, form: PartnerForm
) -> Response:
    """Create or replace a partner. Events that waited for one of its domains are counted."""
    now = clock.now()

    def put(connection: Connection) -> tuple[set[str], partners.Partner]:
        _check_version(request, connection, caller.program, partner, now=now)
        new = partners.put_partners(connection, caller.program, [form.data(partner)], now=now)
        return new, partners.get_partner(connection, caller.program, partner, now=now)

    new, stored = await service.database.write(put)
    service.wake()
    answer = shown(request, stored)
    answer.status_code = 201 if new else 200
    return answer


@router.patch("/{partner:path}", response_model=partners.Partner)
async def patch_partner(
    request: Request, service: Service, caller: Admin, partner: str, change: PartnerChange
) -> Response:
    """Change only the fields that are sent; attributes are merged, and null removes one."""
    now = clock.now()

    def patch(connection: Connection) -> partners.Partner:
        _check_version(request, connection, caller.program, partner, now=now)
        changes = change.model_dump(exclude_unset=True)
        partners.patch_partner(connection, caller.program, partner, changes, now=now)
        return partners.get_partner(connection, caller.program, partner, now=now)

    stored = await service.database.write(patch)
    service.wake()
    return shown(request, stored)


@router.get("/{partner:path}", response_model=partners.Partner)
async def get_partner(request: Request, service: Service, caller: Reader, partner: str) -> Response:
    """One partner and where it stands today."""
    now = clock.now()
    return shown(
        request,
        await service.database.read(lambda c: partners.get_partner(c, caller.program, partner, now=now)),
    )


@router.delete("/{partner:path}", status_code=204)
async def archive_partner(service: Service, caller: Admin, partner: str) -> None:
    """Archive a partner: it leaves the lists and opens no hand-offs, its ledger stays. PUT brings it back."""
    now = clock.now()
    await service.database.write(lambda c: partners.archive_partner(c, caller.program, partner, now=now))


@router.post("/{partner:path}/merge", response_model=partners.Partner)
async def merge(request: Request, service: Service, caller: Admin, partner: str, form: MergeForm) -> Response:
    """Let all events of a partner, past and to come, count for another one."""

    def make(connection: Connection, now: datetime) -> partners.Partner:
        merging.merge(connection, caller.program, partner, form.into, now=now)
        return partners.get_partner(connection, caller.program, partner, now=now)

    return await created(request, service, caller.program, make, status=200)


@router.post("/{partner:path}/unmerge", response_model=partners.Partner)
async def unmerge(request: Request, service: Service, caller: Admin, partner: str) -> Response:
    """Undo a merge: both scores are as if it had never been."""

    def make(connection: Connection, now: datetime) -> partners.Partner:
        merging.unmerge(connection, caller.program, partner, now=now)
        return partners.get_partner(connection, caller.program, partner, now=now)

    return await created(request, service, caller.program, make, status=200)


def _check_version(
    request: Request, connection: Connection, program: str, partner: str, *, now: datetime
) -> None:
    if request.headers.get("if-match") is not None:
        # Before the look: of two with the same version, the second must see what the first has made of it.
        hold_rulebook(connection, program, alone=True)
        require_match(request, partners.get_partner(connection, program, partner, now=now))
