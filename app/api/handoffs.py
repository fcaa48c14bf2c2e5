"""Hand-offs: the calls that wait for a human, and what became of them."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import TypeAdapter
from sqlalchemy import Connection
from starlette.types import Scope

from app import clock
from app.api.answers import Page, created, decode_cursor, page_of, shown
from app.api.auth import Desk, Reader, caller_of
from app.api.etags import Content
from app.api.fast_lane import LaneRequest
from app.api.handoff_forms import AssignForm, ClaimForm, CloseForm, MoveForm, NextForm, NoteForm, SnoozeForm
from app.api.parameters import Cursor, Limit, Moment, Rank
from app.api.queue_lists import Address
from app.api.state import Service, State
from app.api.strict_json import StrictRoute
from app.services import claiming, handoffs
from app.services.handoff_view import Handoff
from app.sources.event import Text
from app.store.handoff_lists import ClosedPlace, OpenPlace

router = APIRouter(prefix="/v1/handoffs", tags=["Hand-offs"], route_class=StrictRoute)

PLACE: TypeAdapter[tuple[Rank, float, Moment, Text] | tuple[Moment, Text]] = TypeAdapter(
    tuple[Rank, float, Moment, Text] | tuple[Moment, Text]
)

HandoffState = Literal["waiting", "open", "claimed", "snoozed", "closed"]


@router.get("", response_model=Page[Handoff])
async def list_handoffs(
    request: Request,
    service: Service,
    caller: Reader,
    state: HandoffState | None = None,
    owner: str | None = None,
    claimed_by: str | None = None,
    partner: str | None = None,
    band: str | None = None,
    grade: str | None = None,
    due_before: Annotated[Moment | None, Query()] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Hand-offs by urgency: the better grade, the higher score now, the longer wait; closed ones come last.

    Poll it with If-None-Match: while nothing has changed, the answer is 304 and the list is not even read.
    """
    named = {"owner": owner, "claimed_by": claimed_by, "partner": partner, "band": band, "grade": grade}
    equals = {name: value for name, value in named.items() if value is not None}
    wanted = handoffs.Wanted(state, equals, due_before)
    after = _place(cursor) if cursor else None
    now = clock.now()

    def listed(connection: Connection) -> Content:
        found, following = handoffs.list_handoffs(
            connection, caller.program, wanted, after=after, limit=limit, now=now
        )
        return page_of(request, found, following)

    address = _address(request.scope, request.headers)
    content = await service.queue_lists.current(caller.program, address, listed, now=now)
    return content.answer(request)


async def list_handoffs_fast(request: LaneRequest) -> Response | None:
    """`list_handoffs` in the fast lane, as long as nothing has changed."""
    caller = await caller_of(request, "read")
    address = _address(request.scope, request.headers)
    content = await request.service.queue_lists.unchanged(caller.program, address, now=clock.now())
    return content.answer(request) if content else None


def _address(scope: Scope, headers: Mapping[str, str]) -> Address:
    """What is asked for, and where: the links of a list lead to the same host."""
    return scope["scheme"], headers.get("host"), scope.get("root_path"), scope["query_string"]


@router.post(
    "/next", response_model=Handoff, responses={204: {"description": "There is none for the caller"}}
)
async def claim_next(request: Request, service: Service, caller: Desk, form: NextForm) -> Response:
    """Claim the best open hand-off: of the caller's own first, then of those that nobody owns.

    With `owner`, of that owner's. Any number of callers may ask at once; each gets a different one.
    """
    return await _made(
        request,
        service,
        caller.program,
        lambda c, now: claiming.claim_next(c, caller.program, by=form.by, owner=form.owner, now=now),
    )


@router.get("/{handoff}", response_model=Handoff)
async def get_handoff(request: Request, service: Service, caller: Reader, handoff: str) -> Response:
    """One hand-off: why this partner, why now, what to say, and its history."""
    now = clock.now()
    found = await service.database.read(lambda c: handoffs.get_handoff(c, caller.program, handoff, now=now))
    return shown(request, found)


@router.post("/{handoff}/claim", response_model=Handoff)
async def claim(request: Request, service: Service, caller: Desk, handoff: str, form: ClaimForm) -> Response:
    """Take an open hand-off; 409 if somebody was faster, or if the caller has claimed enough."""
    return await _made(
        request,
        service,
        caller.program,
        lambda c, now: claiming.claim(c, caller.program, handoff, by=form.by, now=now),
    )


@router.post("/{handoff}/release", response_model=Handoff)
async def release(
    request: Request, service: Service, caller: Desk, handoff: str, form: MoveForm | None = None
) -> Response:
    """Give a claimed hand-off back to the queue."""
    said = form or MoveForm()
    by = said.by or caller.name
    return await _made(
        request,
        service,
        caller.program,
        lambda c, now: handoffs.release(c, caller.program, handoff, by=by, reason=said.reason, now=now),
    )


@router.post("/{handoff}/snooze", response_model=Handoff)
async def snooze(
    request: Request, service: Service, caller: Desk, handoff: str, form: SnoozeForm
) -> Response:
    """Put an open or claimed hand-off off; at `until` it is open again, with a new deadline."""
    by = form.by or caller.name
    return await _made(
        request,
        service,
        caller.program,
        lambda c, now: handoffs.snooze(
            c, caller.program, handoff, by=by, until=form.until, reason=form.reason, now=now
        ),
    )


@router.post("/{handoff}/unsnooze", response_model=Handoff)
async def unsnooze(
    request: Request, service: Service, caller: Desk, handoff: str, form: MoveForm | None = None
) -> Response:
    """Take a snoozed hand-off back into the queue before its time."""
    said = form or MoveForm()
    by = said.by or caller.name
    return await _made(
        request,
        service,
        caller.program,
        lambda c, now: handoffs.unsnooze(c, caller.program, handoff, by=by, reason=said.reason, now=now),
    )


@router.post("/{handoff}/assign", response_model=Handoff)
async def assign(
    request: Request, service: Service, caller: Desk, handoff: str, form: AssignForm
) -> Response:
    """Say whose call it is; whoever has claimed it keeps it."""
    by = form.by or caller.name
    return await _made(
        request,
        service,
        caller.program,
        lambda c, now: handoffs.assign(
            c, caller.program, handoff, by=by, owner=form.owner, reason=form.reason, now=now
        ),
    )


@router.post("/{handoff}/notes", response_model=Handoff)
async def note(request: Request, service: Service, caller: Desk, handoff: str, form: NoteForm) -> Response:
    """Write a line into the history; it also keeps a claim from being released as untouched."""
    by = form.by or caller.name
    return await _made(
        request,
        service,
        caller.program,
        lambda c, now: handoffs.note(c, caller.program, handoff, by=by, text=form.note, now=now),
    )


@router.post("/{handoff}/close", response_model=Handoff)
async def close(request: Request, service: Service, caller: Desk, handoff: str, form: CloseForm) -> Response:
    """Say what came of the call. The outcome decides when the partner can raise its hand again."""
    closing = handoffs.Closing(form.outcome, form.reason, form.value, form.note)
    return await _made(
        request,
        service,
        caller.program,
        lambda c, now: handoffs.close(
            c, caller.program, handoff, closing, by=form.by, otherwise=caller.name, now=now
        ),
    )


async def _made(
    request: Request,
    service: State,
    program: str,
    move: Callable[[Connection, datetime], Handoff | None],
) -> Response:
    answer = await created(request, service, program, move, status=200)
    service.wake()
    return answer


def _place(cursor: str) -> OpenPlace | ClosedPlace:
    place = decode_cursor(cursor, PLACE)
    return OpenPlace(*place) if len(place) == len(OpenPlace._fields) else ClosedPlace(*place)
