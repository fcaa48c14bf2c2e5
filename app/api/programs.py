"""Programs, made by the operator, and the keys of each."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from app import clock
from app.api.answers import Page, created, decode_cursor, shown_page
from app.api.auth import Admin, operator
from app.api.parameters import BY_ID, Cursor, Limit
from app.api.state import Service
from app.api.strict_json import StrictRoute
from app.services import programs
from app.sources.event import Text

router = APIRouter(prefix="/v1", tags=["Programs and keys"], route_class=StrictRoute)

Scope = Literal["events:write", "read", "handoffs:write", "admin"]


class ProgramForm(BaseModel):
    """A program to create."""

    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$", examples=["acme-storage"])]
    name: Annotated[Text, Field(min_length=1, max_length=200, examples=["Acme Storage partners"])]


class KeyForm(BaseModel):
    """A key to create."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[programs.KeyName, Field(description="Events sent with it come from this source.")]
    scopes: Annotated[list[Scope], Field(min_length=1, examples=[["events:write"]])]


@router.post("/programs", status_code=201, response_model=programs.Program, dependencies=[Depends(operator)])
async def create_program(request: Request, service: Service, form: ProgramForm) -> Response:
    """Create a program. Only the operator's key may."""
    return await created(
        request,
        service,
        "",
        lambda connection, now: programs.create_program(connection, form.id, form.name, now=now),
    )


@router.post("/keys", status_code=201, response_model=programs.NewKey)
async def create_key(request: Request, service: Service, caller: Admin, form: KeyForm) -> Response:
    """Create a key. Its secret is in this answer and nowhere else."""
    return await created(
        request,
        service,
        caller.program,
        lambda connection, now: programs.create_key(
            connection, caller.program, form.name, form.scopes, now=now
        ),
    )


@router.get("/keys", response_model=Page[programs.Key])
async def list_keys(
    request: Request, service: Service, caller: Admin, limit: Limit = 50, cursor: Cursor = None
) -> Response:
    """Keys that are not revoked, oldest first."""
    after = decode_cursor(cursor, BY_ID)[0] if cursor else ""
    keys = await service.database.read(
        lambda connection: programs.list_keys(connection, caller.program, after=after, limit=limit + 1)
    )
    return shown_page(request, keys[:limit], [keys[limit - 1].id] if len(keys) > limit else None)


@router.delete("/keys/{key}", status_code=204)
async def revoke_key(service: Service, caller: Admin, key: str) -> None:
    """Revoke a key, at once."""
    now = clock.now()
    revoked = await service.database.write(
        lambda connection: programs.revoke_key(connection, caller.program, key, now=now)
    )
    service.keyring.forget(revoked)
