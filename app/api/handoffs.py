"""Hand-offs: the calls that wait for a human, and what became of them."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator
from sqlalchemy import Connection

from app.api.answers import Page, created, decode_cursor, shown, shown_page
from app.api.auth import Caller, Desk, Reader
from app.api.parameters import Cursor, Limit, Moment, Rank, Said
from app.api.state import Service
from app.api.strict_json import StrictRoute
from app.services import handoffs
from app.services.handoff_view import Handoff
from app.sources.event import Text

router = APIRouter(prefix="/v1/handoffs", tags=["Hand-offs"], route_class=StrictRoute)

PLACE: TypeAdapter[tuple[int, float, datetime, str]] = TypeAdapter(tuple[Rank, float, Moment, Text])

Person = Annotated[Said, Field(max_length=200, examples=["rep@vendor.example"])]
Words = Annotated[Text, Field(max_length=2_000)]


class ByForm(BaseModel):
    """Who makes the move."""

    model_config = ConfigDict(extra="forbid")

    by: Person


class ReleaseForm(BaseModel):
    """Who gives it back, and why."""

    model_config = ConfigDict(extra="forbid")

    by: Person | None = None
    reason: Words | None = None


class CloseForm(BaseModel):
    """What came of the call."""

    model_config = ConfigDict(extra="forbid")

    outcome: Literal["converted", "accepted", "rejected", "unreachable"]
    reason: Words | None = Field(None, description="Required if rejected.")
    value: float | None = Field(None, description="What it is worth, if converted.", allow_inf_nan=False)
    note: Words | None = None
    by: Person | None = Field(None, description="Whoever claimed it, if absent.")

    @model_validator(mode="after")
    def _explained(self) -> Self:
        if self.outcome == "rejected" and not (self.reason or "").strip():
            raise ValueError("a rejected hand-off needs a reason")
        if self.outcome != "converted" and self.value is not None:
            raise ValueError("only a converted hand-off has a value")
        return self


@router.get("", response_model=Page[Handoff])
async def list_handoffs(
    request: Request,
    service: Service,
    caller: Reader,
    state: Literal["open", "claimed", "snoozed", "closed"] | None = None,
    owner: str | None = None,
    partner: str | None = None,
    band: str | None = None,
    grade: str | None = None,
    due_before: Annotated[Moment | None, Query()] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Hand-offs by urgency: grade, then score, then age. Poll it with If-None-Match."""
    named = {"state": state, "owner": owner, "partner": partner, "band": band, "grade": grade}
    after = decode_cursor(cursor, PLACE) if cursor else None
    found, following = await service.database.read(
        lambda c: handoffs.list_handoffs(
            c,
            caller.program,
            equals={name: value for name, value in named.items() if value is not None},
            due_before=due_before,
            after=after,
            limit=limit,
        )
    )
    return shown_page(request, found, following)


@router.get("/{handoff}", response_model=Handoff)
async def get_handoff(request: Request, service: Service, caller: Reader, handoff: str) -> Response:
    """One hand-off: why this partner, why now, what to say, and its history."""
    return shown(
        request, await service.database.read(lambda c: handoffs.get_handoff(c, caller.program, handoff))
    )


@router.post("/{handoff}/claim", response_model=Handoff)
async def claim(request: Request, service: Service, caller: Desk, handoff: str, form: ByForm) -> Response:
    """Take an open hand-off; 409 if somebody was faster."""
    return await _move(request, service, caller, handoffs.claim, handoff, by=form.by)


@router.post("/{handoff}/release", response_model=Handoff)
async def release(
    request: Request, service: Service, caller: Desk, handoff: str, form: ReleaseForm | None = None
) -> Response:
    """Give a claimed hand-off back to the queue."""
    said = form or ReleaseForm()
    return await _move(
        request, service, caller, handoffs.release, handoff, by=said.by or caller.name, reason=said.reason
    )


@router.post("/{handoff}/close", response_model=Handoff)
async def close(request: Request, service: Service, caller: Desk, handoff: str, form: CloseForm) -> Response:
    """Say what came of the call. The outcome decides when the partner can raise its hand again."""
    closing = handoffs.Closing(form.outcome, form.reason, form.value, form.note)
    return await _move(
        request, service, caller, handoffs.close, handoff, closing, by=form.by, otherwise=caller.name
    )


async def _move(
    request: Request, service: Service, caller: Caller, move: Any, handoff: str, *args: Any, **words: Any
) -> Response:
    def make(connection: Connection, now: datetime) -> Handoff:
        moved: Handoff = move(connection, caller.program, handoff, *args, **words, now=now)
        return moved

    answer = await created(request, service, caller.program, make, status=200)
    service.wake()
    return answer
