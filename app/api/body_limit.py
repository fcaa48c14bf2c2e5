"""Bounds on request bodies, counted as they arrive, so that no sender decides how much memory we use."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api import problems
from app.errors import Overloaded, TooLarge
from app.settings import Settings

NDJSON = "application/x-ndjson"


class BodyLimit:
    """ASGI middleware: 413 for a body over the limit of its content type, 429 if all together are too much.

    A body counts until its request is answered, so what waits for a commit is counted as well.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a `receive` that counts."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        limit = self._limit(headers.get("content-type", ""))
        said = headers.get("content-length", "0")
        if said.isdigit() and int(said) > limit:
            await problems.response(_too_large(limit))(scope, receive, send)
            return
        body = _Body(receive, self, limit)
        try:
            await self._app(scope, body.receive, send)
        finally:
            self._held -= body.size

    def _limit(self, content_type: str) -> int:
        is_ndjson = content_type.split(";", maxsplit=1)[0].strip().lower() == NDJSON
        return self._settings.ndjson_limit if is_ndjson else self._settings.body_limit

    def hold(self, size: int) -> None:
        """Count so many bytes more. Raises Overloaded."""
        self._held += size
        if self._held > self._settings.bodies_limit:
            raise Overloaded("Too much is being sent at once. Send it again in a moment.")


class _Body:
    """One request's body on its way in."""

    def __init__(self, receive: Receive, limits: BodyLimit, limit: int) -> None:
        self._receive, self._limits, self._limit = receive, limits, limit
        self.size = 0

    async def receive(self) -> Message:
        message = await self._receive()
        size = len(message.get("body", b""))
        self.size += size
        self._limits.hold(size)
        if self.size > self._limit:
            raise _too_large(self._limit)
        return message


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The body may have {limit} bytes. Send it in parts, or events as {NDJSON}.")
