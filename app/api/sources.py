"""Sources: creating the URL to paste into a platform, changing it, and what came of its requests."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import TypeAdapter
from sqlalchemy import Connection

from app import clock
from app.api.answers import Page, created, decode_cursor, shown, shown_page
from app.api.auth import Admin, Reader
from app.api.etags import require_match
from app.api.parameters import BY_ID, Cursor, Limit, Rank
from app.api.source_forms import RetryForm, RotateKeyForm, SourceChange, SourceForm, mapping_text
from app.api.state import Service
from app.api.strict_json import StrictRoute
from app.services import retaking, source_requests, sources
from app.services.source_requests import NEWEST, SourceRequest, Status
from app.services.source_view import NewSource, Source

router = APIRouter(prefix="/v1/sources", tags=["Sources"], route_class=StrictRoute)

PLACE: TypeAdapter[tuple[int]] = TypeAdapter(tuple[Rank])
Number = Annotated[int, Path(ge=1, lt=2**31)]


@router.post("", status_code=201, response_model=NewSource)
async def create_source(request: Request, service: Service, caller: Admin, form: SourceForm) -> Response:
    """Create a source. The answer shows the URL to paste into the platform, this once, and the steps."""
    wanted = sources.NewSourceForm(**form.model_dump() | {"mapping": mapping_text(form.mapping)})

    def make(connection: Connection, now: datetime) -> NewSource:
        return sources.create_source(
            connection,
            service.vault,
            caller.program,
            wanted,
            public_url=service.settings.public_url,
            now=now,
        )

    return await created(request, service, caller.program, make)


@router.get("", response_model=Page[Source])
async def list_sources(
    request: Request, service: Service, caller: Reader, limit: Limit = 50, cursor: Cursor = None
) -> Response:
    """Sources, oldest first."""
    after = decode_cursor(cursor, BY_ID)[0] if cursor else ""
    found = await service.database.read(
        lambda c: sources.list_sources(c, caller.program, after=after, limit=limit + 1)
    )
    return shown_page(request, found[:limit], [found[limit - 1].id] if len(found) > limit else None)


@router.get("/{source}", response_model=Source)
async def get_source(request: Request, service: Service, caller: Reader, source: str) -> Response:
    """One source, without its key and secrets."""
    return shown(
        request, await service.database.read(lambda c: sources.get_source(c, caller.program, source))
    )


@router.patch("/{source}", response_model=Source)
async def change_source(
    request: Request, service: Service, caller: Admin, source: str, form: SourceChange
) -> Response:
    """Change a source; with If-Match, only the version you have seen. Its URL stays.

    All secrets that are listed are good: to change one without losing a request, list the new and the old
    one, change it in the platform, then list the new one alone.
    """
    changes = form.model_dump(exclude_none=True)
    if form.mapping is not None:
        changes["mapping"] = mapping_text(form.mapping)
    changed = await service.database.write(
        lambda c: sources.change_source(
            c,
            service.vault,
            caller.program,
            source,
            changes,
            check=lambda current: require_match(request, current),
        )
    )
    return shown(request, changed)


@router.post("/{source}/rotate-key", response_model=NewSource)
async def rotate_key(
    request: Request, service: Service, caller: Admin, source: str, form: RotateKeyForm | None = None
) -> Response:
    """Make a new URL, shown here only. The old one is good for another 24 hours, unless it is to expire."""
    expire = (form or RotateKeyForm()).expire_previous

    def make(connection: Connection, now: datetime) -> NewSource:
        return sources.rotate_key(
            connection,
            caller.program,
            source,
            expire_previous=expire,
            public_url=service.settings.public_url,
            now=now,
        )

    return await created(request, service, caller.program, make, status=200)


@router.delete("/{source}", status_code=204)
async def disable_source(service: Service, caller: Admin, source: str) -> None:
    """Accept nothing more at a source's URLs; its events stay, and it can be enabled again."""
    now = clock.now()
    await service.database.write(lambda c: sources.disable_source(c, caller.program, source, now=now))


@router.post("/{source}/enable", response_model=Source)
async def enable_source(request: Request, service: Service, caller: Admin, source: str) -> Response:
    """Accept requests at its URLs again."""
    return shown(
        request, await service.database.write(lambda c: sources.enable_source(c, caller.program, source))
    )


@router.get("/{source}/requests", response_model=Page[SourceRequest])
async def list_requests(
    request: Request,
    service: Service,
    caller: Reader,
    source: str,
    status: Annotated[Status | None, Query(description="Only those in this state.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """What the platform posted and what became of it, newest first.

    Requests of which all was understood are forgotten after HANDRAISER_KEEP_REQUESTS_DAYS; others never are.
    """
    before = decode_cursor(cursor, PLACE)[0] if cursor else NEWEST
    found = await service.database.read(
        lambda c: source_requests.list_requests(
            c, service.vault, caller.program, source, status, before=before, limit=limit + 1
        )
    )
    return shown_page(request, found[:limit], [found[limit - 1].n] if len(found) > limit else None)


@router.get("/{source}/requests/{n}", response_model=SourceRequest)
async def get_request(request: Request, service: Service, caller: Reader, source: str, n: Number) -> Response:
    """One request."""
    return shown(
        request,
        await service.database.read(
            lambda c: source_requests.get_request(c, service.vault, caller.program, source, n)
        ),
    )


@router.post("/{source}/requests/{n}/retry", response_model=SourceRequest)
async def retry_request(
    request: Request, service: Service, caller: Admin, source: str, n: Number
) -> Response:
    """Take a request again, by the mapping and the settings as they are now.

    Items that became events before are not read again, so nothing counts twice.
    """
    opened, row = await service.database.read(
        lambda c: retaking.find(c, service.vault, caller.program, source, n)
    )
    return shown(request, await service.inbox.retake(opened, row))


@router.post("/{source}/retry", status_code=202)
async def retry_requests(
    service: Service, caller: Admin, source: str, form: RetryForm | None = None
) -> retaking.Retaking:
    """Take all requests again that are not wholly understood, in the background."""
    statuses = (form or RetryForm()).status
    now = clock.now()
    reopened = await service.database.write(
        lambda c: retaking.reopen(c, caller.program, source, statuses, now=now)
    )
    service.inbox.wake()
    return reopened
