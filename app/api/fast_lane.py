"""The fast lane: the few routes that are asked thousands of times a second are called without the framework.

To route a request, solve its dependencies and wrap its errors costs FastAPI more than such a route itself.
A route in the lane is declared like any other, so it is documented and parsed the same; its lane handler only
calls it with what its dependencies would have given.
"""

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api import problems
from app.api.strict_json import check_address
from app.errors import Problem

Handler = Callable[[Request], Awaitable[Response | None]]
"""Answers a request; None leaves it to the framework, and then the body must not have been read."""


class FastLane:
    """ASGI middleware: calls the handlers of exactly these methods and paths, and leaves the rest."""

    def __init__(self, app: ASGIApp, handlers: Mapping[tuple[str, str], Handler]) -> None:
        self._app = app
        self._handlers = handlers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        handler = self._handlers.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        response = await _answered(handler, Request(scope, receive)) if handler else None
        await (response or self._app)(scope, receive, send)


async def _answered(handler: Handler, request: Request) -> Response | None:
    try:
        check_address(request)
        response = await handler(request)
    except Problem as problem:
        response = problems.response(problem)
    except ClientDisconnect:
        # Nobody is there to be answered.
        response = Response()
    if response is not None:
        response.headers.update(getattr(request.state, "headers", {}))
    return response
