"""The caller of a request, and what a route asks of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Depends, Header, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param
from starlette.types import Scope

from app import store
from app.api.fast_lane import LaneRequest
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
    secret = credentials.credentials if credentials else ""
    return await _recognised(request.scope, service, secret, acting_in=x_program)


async def _recognised(scope: Scope, service: State, secret: str, *, acting_in: str | None) -> Principal:
    if not secret:
        raise Unauthenticated("Send a key: `Authorization: Bearer <key>`.")
    found = await service.keyring.recognise(secret)
    state = scope.setdefault("state", {})
    if "headers" not in state:
        # Once for a request, also if the fast lane has left it to the framework.
        state["headers"] = service.limiter.spend(secret)
    if acting_in is None or acting_in == found.program:
        return found
    if not found.is_operator or not await _exists(service, acting_in):
        raise NotFound(f"There is no program {acting_in!r} for this key.")
    return replace(found, program=acting_in)


async def _exists(service: State, program: str) -> bool:
    return await service.database.read(lambda connection: store.programs.exists(connection, program))


AnyPrincipal = Annotated[Principal, Depends(principal)]


def allowed(scope: str) -> Callable[[Principal], Awaitable[Caller]]:
    """A dependency: a caller inside a program, with this scope. Raises Forbidden and Invalid."""

    async def caller(found: AnyPrincipal) -> Caller:
        return _inside(found, scope)

    return caller


async def caller_of(request: LaneRequest, scope: str) -> Caller:
    """What `allowed(scope)` gives, for a route in the fast lane."""
    scheme, secret = get_authorization_scheme_param(request.headers.get("authorization"))
    known = secret if scheme.lower() == "bearer" else ""
    acting_in = request.headers.get("x-program")
    return _inside(await _recognised(request.scope, request.service, known, acting_in=acting_in), scope)


def _inside(found: Principal, scope: str) -> Caller:
    if not found.may(scope):
        raise Forbidden(f"This key lacks the scope {scope!r}.")
    if found.program is None:
        errors = [FieldError("X-Program", "names the program to act in")]
        raise Invalid("The operator must say in which program: send the header X-Program.", errors=errors)
    return Caller(found.program, found.name, found.scopes)


async def operator(found: AnyPrincipal) -> None:
    """A dependency: the operator. Raises Forbidden."""
    if not found.is_operator:
        raise Forbidden("Only the operator's key may do this.")


Reader = Annotated[Caller, Depends(allowed("read"))]
Sender = Annotated[Caller, Depends(allowed("events:write"))]
Desk = Annotated[Caller, Depends(allowed("handoffs:write"))]
Admin = Annotated[Caller, Depends(allowed("admin"))]
