"""Hand-offs as files: the whole history out, outcomes in."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict

from app import clock
from app.api.auth import Desk, Reader
from app.api.body_limit import NDJSON
from app.api.etags import JSON
from app.api.handoff_formats import CSV, MEDIA_TYPES, Format, head, lines
from app.api.handoff_lines import read_lines
from app.api.parameters import Moment
from app.api.problems import FaultyField
from app.api.state import Service
from app.api.strict_json import StrictRoute
from app.db import Database
from app.services.handoff_export import export_some
from app.services.handoff_import import Line, import_some
from app.services.import_results import Result, Status
from app.store.handoff_files import Wanted

router = APIRouter(prefix="/v1/handoffs", tags=["Hand-offs"], route_class=StrictRoute)

LINES_AT_ONCE = 50
"""So few, because they hold their partners and the queue until they are committed."""

STATUSES = ("closed", "recorded", "unchanged", "conflict", "rejected")

_TEXT = {"schema": {"type": "string"}}
_LINE = '{"id": "ho_01JCV7K8Q2W5X3Y9Z0A1B2C3D4", "outcome": "converted", "value": 12500}\n'
_BODY = {
    "required": True,
    "content": {
        NDJSON: {**_TEXT, "example": _LINE},
        CSV: {**_TEXT, "example": "id,outcome,value\r\nho_01JCV7K8Q2W5X3Y9Z0A1B2C3D4,converted,12500\r\n"},
    },
}


class ImportResult(BaseModel):
    """What became of one line."""

    id: str | None
    status: Status
    errors: list[FaultyField] | None = None


class ImportResults(BaseModel):
    """What became of each line, in the order they were sent."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "closed": 1,
                "recorded": 0,
                "unchanged": 0,
                "conflict": 0,
                "rejected": 0,
                "results": [{"id": "ho_01JCV7K8Q2W5X3Y9Z0A1B2C3D4", "status": "closed", "errors": None}],
            }
        }
    )

    closed: int
    recorded: int
    unchanged: int
    conflict: int
    rejected: int
    results: list[ImportResult]


@router.get(
    "/export",
    status_code=200,
    response_class=StreamingResponse,
    responses={200: {"description": "A line for each hand-off", "content": {NDJSON: _TEXT, CSV: _TEXT}}},
)
async def export_handoffs(
    service: Service,
    caller: Reader,
    format_: Annotated[Format, Query(alias="format")] = "ndjson",
    since: Annotated[Moment | None, Query(description="Crossed then or later.")] = None,
    until: Annotated[Moment | None, Query(description="Crossed before then.")] = None,
    state: Literal["waiting", "open", "claimed", "snoozed", "closed"] | None = None,
) -> Response:
    """All hand-offs in the order in which they crossed, as GET shows them, or as CSV; streamed.

    In CSV, text that a spreadsheet would take for a formula has a quote before it, which the import removes.
    What crosses or is closed meanwhile may be in it or not.
    """
    pages = export_pages(
        service.database, caller.program, Wanted(since, until, state), format_, now=clock.now()
    )
    # So that what cannot be read at all is still an error and not the end of a file.
    first = await anext(pages)
    headers = {"Content-Disposition": f'attachment; filename="handoffs.{format_}"'}
    return StreamingResponse(_chained(first, pages), media_type=MEDIA_TYPES[format_], headers=headers)


async def export_pages(
    database: Database, program: str, wanted: Wanted, format_: Format, *, now: datetime
) -> AsyncIterator[str]:
    """The text of a file, some hand-offs at a time, at least one piece; each is read by itself."""
    text, after = head(format_), None
    while True:
        views, after = await database.read(
            partial(export_some, program=program, wanted=wanted, after=after, now=now)
        )
        yield text + lines(views, format_)
        text = ""
        if after is None:
            return


async def _chained(first: str, rest: AsyncIterator[str]) -> AsyncIterator[str]:
    yield first
    async for each in rest:
        yield each


@router.post("/import", response_model=ImportResults, openapi_extra={"requestBody": _BODY})
async def import_handoffs(request: Request, service: Service, caller: Desk) -> Response:
    """Outcomes by file, up to 1,000 lines of NDJSON or CSV, each with a result of its own.

    A line with `id` closes that hand-off, as `/close` does. One with `partner`, `external_id` and `closed_at`
    records a call that another system knew of: it counts for insights and for when the partner may cross
    again, and no webhook is told. To send a line again changes nothing, and neither does an export sent back.
    """
    found = read_lines(request.headers.get("content-type", ""), await request.body())
    results = await import_lines(service.database, caller.program, found, by=caller.name)
    service.wake()
    return Response(shown(results).model_dump_json(exclude_none=False), media_type=JSON)


async def import_lines(
    database: Database, program: str, found: Sequence[Line | Result], *, by: str
) -> list[Result]:
    """Do what the lines say, a few in a transaction; a result for each, in order."""
    good = [each for each in found if not isinstance(each, Result)]
    done: list[Result] = []
    for start in range(0, len(good), LINES_AT_ONCE):
        some = good[start : start + LINES_AT_ONCE]
        done += await database.write(
            partial(import_some, program=program, lines=some, by=by, now=clock.now())
        )
    following = iter(done)
    return [each if isinstance(each, Result) else next(following) for each in found]


def shown(results: Sequence[Result]) -> ImportResults:
    """The results with how many there are of each kind."""
    counts = Counter[str](each.status for each in results)
    return ImportResults.model_validate(
        {
            **{status: counts[status] for status in STATUSES},
            "results": [
                ImportResult(
                    id=each.id,
                    status=each.status,
                    errors=[FaultyField(path=fault.path, message=fault.message) for fault in each.errors]
                    or None,
                )
                for each in results
            ],
        }
    )
