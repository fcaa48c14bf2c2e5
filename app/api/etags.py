"""ETags: telling a caller that it has the current version, or that somebody has changed it in between."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from fastapi import Request, Response
from pydantic import BaseModel

from app.errors import PreconditionFailed

JSON = "application/json"


class Conditional(Protocol):
    """What a request says of the version that its caller has."""

    @property
    def method(self) -> str:
        """In capitals."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Their names in lower case."""


@dataclass(frozen=True)
class Content:
    """What a GET shows: JSON, and headers with its ETag."""

    body: bytes
    headers: Mapping[str, str]

    def answer(self, request: Conditional) -> Response:
        """The content, or 304 without it if the caller has this version."""
        if request.method == "GET" and not _known_tags(request).isdisjoint({self.headers["ETag"], "*"}):
            return Response(status_code=304, headers=dict(self.headers))
        return Response(self.body, media_type=JSON, headers=dict(self.headers))


def content_of(document: BaseModel, headers: Mapping[str, str] | None = None) -> Content:
    """A document as it is shown."""
    body = document.model_dump_json().encode()
    return Content(body, {"ETag": _tag(body), **(headers or {})})


def etag(document: BaseModel) -> str:
    """A strong ETag: equal exactly if the content is."""
    return _tag(document.model_dump_json().encode())


def _tag(body: bytes) -> str:
    return f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


def _known_tags(request: Conditional) -> set[str]:
    """The ETags of the versions that the caller has."""
    given = request.headers.get("if-none-match", "")
    return {part.strip().removeprefix("W/") for part in given.split(",")}


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
