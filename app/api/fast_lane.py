"""The fast lane: the few routes that are asked thousands of times a second are called without the framework.

To route a request, solve its dependencies and wrap its errors costs FastAPI more than such a route itself.
A route in the lane is declared like any other, so it is documented and parsed the same; its lane handler only
does what it would have done with what its dependencies give.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api import problems
from app.api.rate_limit import told
from app.api.state import State, service_in
from app.api.strict_json import check_address
from app.errors import Problem


class LaneRequest:
    """As much of a request as a lane handler asks for. Of a header that is sent twice, the first counts."""

    def __init__(self, scope: Scope, receive: Receive, path_params: Mapping[str, str]) -> None:
        self.scope = scope
        self.path_params = path_params
        self.method: str = scope["method"]
        self.headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(scope["headers"])
        }
        self._receive = receive

    @property
    def service(self) -> State:
        """The service that it came to."""
        return service_in(self.scope)

    async def body(self) -> bytes:
        """All of it; once. Raises TooLarge, Overloaded and ClientDisconnect."""
        chunks, more = [], True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            chunks.append(message.get("body", b""))
            more = message.get("more_body", False)
        return b"".join(chunks)


Handler = Callable[[LaneRequest], Awaitable[Response | None]]
"""Answers a request; None leaves it to the framework, and then the body must not have been read."""


class _Route(NamedTuple):
    """What is in the lane; `pattern` is made of the path as the framework makes its own."""

    method: str
    path: str
    pattern: re.Pattern[str]
    handler: Handler


class FastLane:
    """ASGI middleware: calls the handlers of exactly these methods and paths, and leaves the rest.

    It is outside of what catches the framework's errors, so it answers for its own.
    """

    def __init__(self, app: ASGIApp, handlers: Mapping[tuple[str, str], Handler]) -> None:
        self._app = app
        self._routes = [
            _Route(method, path, compile_path(path)[0], handler)
            for (method, path), handler in handlers.items()
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        response = await self._answered(scope, receive) if scope["type"] == "http" else None
        await (response or self._app)(scope, receive, send)

    async def _answered(self, scope: Scope, receive: Receive) -> Response | None:
        for route in self._routes:
            if route.method == scope["method"] and (match := route.pattern.match(scope["path"])):
                return await _response(route, LaneRequest(scope, receive, match.groupdict()))
        return None


async def _response(route: _Route, request: LaneRequest) -> Response | None:
    try:
        check_address(request.scope)
        response = await route.handler(request)
    except Problem as problem:
        response = problems.response(problem)
    except ClientDisconnect:
        # Nobody is there to be answered.
        response = Response()
    except Exception as error:
        response = problems.unexpected(error, method=route.method, route=route.path)
    if response is not None and (headers := told(request.scope)):
        response.headers.update(headers)
    return response
