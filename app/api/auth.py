"""The caller of a request, and what a route asks of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Depends, Header, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app import store
from app.api.keyring import Principal
from app.api.state import Service, State
from app.errors import FieldError, Forbidden, Invalid, NotFound, Unauthenticated

_bearer = HTTPBearer(auto_error=False, description="A key of a program, or the operator's key.")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]


@dataclass(frozen=True)
class Caller:
    """A caller inside one program."""

    program: str
    name: str
    scopes: frozenset[str]


async def principal(
    request: Request,
    service: Service,
    credentials: Credentials,
    x_program: Annotated[str | None, Header(description="The program that the operator acts in.")] = None,
) -> Principal:
    """Who is calling, within their rate. Raises Unauthenticated, NotFound and Overloaded."""
    if credentials is None:
        raise Unauthenticated("Send a key: `Authorization: Bearer <key>`.")
    found = await service.keyring.recognise(credentials.credentials)
    request.state.headers = service.limiter.spend(credentials.credentials)
    if x_program is None or x_program == found.program:
        return found
    if not found.is_operator or not await _exists(service, x_program):
        raise NotFound(f"There is no program {x_program!r} for this key.")
    return replace(found, program=x_program)


async def _exists(service: State, program: str) -> bool:
    return await service.database.read(lambda connection: store.programs.exists(connection, program))


AnyPrincipal = Annotated[Principal, Depends(principal)]


def allowed(scope: str) -> Callable[[Principal], Awaitable[Caller]]:
    """A dependency: a caller inside a program, with this scope. Raises Forbidden and Invalid."""

    async def caller(found: AnyPrincipal) -> Caller:
        if not found.may(scope):
            raise Forbidden(f"This key lacks the scope {scope!r}.")
        if found.program is None:
            errors = [FieldError("X-Program", "names the program to act in")]
            raise Invalid("The operator must say in which program: send the header X-Program.", errors=errors)
        return Caller(found.program, found.name, found.scopes)

    return caller


async def operator(found: AnyPrincipal) -> None:
    """A dependency: the operator. Raises Forbidden."""
    if not found.is_operator:
        raise Forbidden("Only the operator's key may do this.")


Reader = Annotated[Caller, Depends(allowed("read"))]
Sender = Annotated[Caller, Depends(allowed("events:write"))]
Desk = Annotated[Caller, Depends(allowed("handoffs:write"))]
Admin = Annotated[Caller, Depends(allowed("admin"))]
