"""A bound on request bodies, counted as they arrive, so that no sender decides how much memory we use."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api import problems
from app.errors import TooLarge
from app.settings import Settings

NDJSON = "application/x-ndjson"


class BodyLimit:
    """ASGI middleware: 413 for a body over the limit of its content type, said or sent."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings

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
        await self._app(scope, _counted(receive, limit), send)

    def _limit(self, content_type: str) -> int:
        is_ndjson = content_type.split(";", maxsplit=1)[0].strip().lower() == NDJSON
        return self._settings.ndjson_limit if is_ndjson else self._settings.body_limit


def _counted(receive: Receive, limit: int) -> Receive:
    got = 0

    async def counting() -> Message:
        nonlocal got
        message = await receive()
        got += len(message.get("body", b""))
        if got > limit:
            raise _too_large(limit)
        return message

    return counting


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The body may have {limit} bytes. Send it in parts, or events as {NDJSON}.")
