"""ETags: telling a caller that it has the current version, or that somebody has changed it in between."""

import hashlib
from collections.abc import Mapping

from fastapi import Request, Response
from pydantic import BaseModel

from app.errors import PreconditionFailed


def etag(document: BaseModel) -> str:
    """A strong ETag: equal exactly if the content is."""
    return f'"{hashlib.blake2b(document.model_dump_json().encode(), digest_size=12).hexdigest()}"'


def known_tags(request: Request) -> set[str]:
    """The ETags of the versions that the caller has."""
    given = request.headers.get("if-none-match", "")
    return {part.strip().removeprefix("W/") for part in given.split(",")}


def unchanged(headers: Mapping[str, str]) -> Response:
    """The answer to a caller who has the current version."""
    return Response(status_code=304, headers=dict(headers))


def require_match(request: Request, current: BaseModel) -> None:
    """Raise PreconditionFailed if the caller's If-Match names another version than the current one."""
    wanted = request.headers.get("if-match")
    if (
        wanted is not None
        and wanted != "*"
        and etag(current) not in [part.strip() for part in wanted.split(",")]
    ):
        raise PreconditionFailed(
            "Read it again, look at what changed, and send the change with the new ETag."
        )
