"""Reps: the people who work the hand-offs."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from app import clock
from app.api.answers import Page, decode_cursor, shown, shown_page
from app.api.auth import Admin, Reader
from app.api.handoff_forms import Person
from app.api.parameters import BY_ID, Cursor, Limit
from app.api.state import Service
from app.api.strict_json import StrictRoute
from app.services import reps
from app.services.reps import Rep
from app.sources.event import Text

router = APIRouter(prefix="/v1/reps", tags=["Hand-offs"], route_class=StrictRoute)

Email = Annotated[Person, Path(description="As in the owner of a partner, and in `by`.")]


class RepForm(BaseModel):
    """A rep, whole."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Text, Field(max_length=200)] | None = None
    active: bool = Field(True, description="False takes back whatever they own or have claimed.")
    weight: float = Field(1.0, ge=0.001, le=1_000, description="Their share, relative to the others'.")


@router.get("", response_model=Page[Rep])
async def list_reps(
    request: Request, service: Service, caller: Reader, limit: Limit = 50, cursor: Cursor = None
) -> Response:
    """Reps by e-mail address."""
    after = decode_cursor(cursor, BY_ID)[0] if cursor else ""
    found = await service.database.read(
        lambda c: reps.list_reps(c, caller.program, after=after, limit=limit + 1)
    )
    return shown_page(request, found[:limit], [found[limit - 1].email] if len(found) > limit else None)


@router.get("/{email}", response_model=Rep)
async def get_rep(request: Request, service: Service, caller: Reader, email: Email) -> Response:
    """One rep."""
    return shown(request, await service.database.read(lambda c: reps.get_rep(c, caller.program, email)))


@router.put("/{email}", response_model=Rep)
async def put_rep(request: Request, service: Service, caller: Admin, email: Email, form: RepForm) -> Response:
    """Create or replace a rep. Who is switched off gives back what they have, and gets nothing more."""
    now = clock.now()
    found = await service.database.write(
        lambda c: reps.put_rep(
            c, caller.program, email, name=form.name, active=form.active, weight=form.weight, now=now
        )
    )
    service.wake()
    return shown(request, found)


@router.delete("/{email}", status_code=204)
async def remove_rep(service: Service, caller: Admin, email: Email) -> None:
    """Take a rep off the list; whatever they own or have claimed goes back."""
    now = clock.now()
    await service.database.write(lambda c: reps.remove_rep(c, caller.program, email, now=now))
    service.wake()
