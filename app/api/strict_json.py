"""JSON from outside, read strictly: what two readers could take differently is refused."""

from collections.abc import Callable, Coroutine
from typing import Any

import jiter
from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.types import Scope

from app.api.rate_limit import told
from app.errors import Malformed


def read_json(body: bytes) -> Any:
    """The document. Raises Malformed for bad JSON, NaN, repeated keys, lone surrogates or absurd depth."""
    try:
        return jiter.from_json(body, allow_inf_nan=False, catch_duplicate_keys=True)
    except ValueError as error:
        raise Malformed(f"The body is not JSON: {error}.") from error


class _StrictRequest(Request):
    async def json(self) -> Any:
        return read_json(await self.body())


def check_address(scope: Scope) -> None:
    """Raise Malformed for a NUL in the path or the query, which PostgreSQL refuses and SQLite takes."""
    if "\x00" in scope["path"] or b"%00" in scope["query_string"]:
        raise Malformed("The address has a NUL character (%00), which nothing here can be called.")


class StrictRoute(APIRoute):
    """A route that is read strictly, and whose answer gets what the rate limiter has to say."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The usual handler, given a request that reads its own JSON."""
        handle = super().get_route_handler()

        async def strict(request: Request) -> Response:
            check_address(request.scope)
            response = await handle(_StrictRequest(request.scope, request.receive))
            response.headers.update(told(request.scope))
            return response

        return strict
