"""Answers: ETags on what is read, pages of lists, and creations that may be repeated safely."""

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

from fastapi import Request, Response
from pydantic import BaseModel, Field, TypeAdapter
from sqlalchemy import Connection

from app import clock, store
from app.api.etags import JSON, Content, content_of
from app.api.state import State
from app.errors import Conflict, FieldError, IdempotencyMismatch, Invalid, Malformed

T = TypeVar("T")

LONGEST_KEY = 255


class Page(BaseModel, Generic[T]):
    """A page of a list."""

    items: list[T]
    next: str | None = Field(description="Send it as `cursor` to read on; null at the end.")


def shown(request: Request, document: BaseModel, *, headers: dict[str, str] | None = None) -> Response:
    """A document with its ETag, or 304 without it if the caller has this version."""
    return content_of(document, headers).answer(request)


def shown_page(request: Request, items: Sequence[BaseModel], following: Sequence[object] | None) -> Response:
    """A page with its ETag, or 304 without it if the caller has this version."""
    return page_of(request, items, following).answer(request)


def page_of(request: Request, items: Sequence[BaseModel], following: Sequence[object] | None) -> Content:
    """A page as it is shown, with a Link to the next one if `following` says where that begins."""
    cursor = None if following is None else encode_cursor(following)
    headers = {}
    if cursor is not None:
        headers["Link"] = f'<{request.url.include_query_params(cursor=cursor)}>; rel="next"'
    return content_of(Page[Any](items=list(items), next=cursor), headers)


def encode_cursor(place: Sequence[object]) -> str:
    """An opaque cursor for a place in a list."""
    return base64.urlsafe_b64encode(json.dumps(place, default=_plain).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, place: TypeAdapter[T]) -> T:
    """The place that a cursor stands for. Raises Invalid if it is none of this list's."""
    try:
        return place.validate_json(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError as error:
        message = "is not a cursor of this list"
        raise Invalid("The cursor is not valid.", errors=[FieldError("cursor", message)]) from error


def _plain(value: datetime) -> str:
    return value.isoformat()


async def created(
    request: Request,
    service: State,
    program: str,
    make: Callable[[Connection, datetime], BaseModel | None],
    *,
    status: int = 201,
) -> Response:
    """Run `make` in a transaction and answer with what it made (204: nothing); with an Idempotency-Key, once.

    The key, the effect and the answer are committed together, so a crash leaves all of it or nothing.
    """
    key = request.headers.get("idempotency-key")
    now = clock.now()
    if key is None:
        made = await service.database.write(lambda connection: make(connection, now))
        return _sent(_answer(made, status), {})
    once = _Once(service, program, _checked(key), await _fingerprint(request))
    answer, replayed = await service.database.write(lambda c: once.run(c, make, status=status, now=now))
    headers = {"Idempotency-Replayed": "true"} if replayed else {}
    return _sent(answer, headers)


class _Answer(BaseModel):
    status: int
    body: str


def _answer(made: BaseModel | None, status: int) -> _Answer:
    return (
        _Answer(status=204, body="") if made is None else _Answer(status=status, body=made.model_dump_json())
    )


def _sent(answer: _Answer, headers: dict[str, str]) -> Response:
    media_type = JSON if answer.body else None
    return Response(answer.body, answer.status, media_type=media_type, headers=headers)


class _Once:
    """One Idempotency-Key of one program."""

    def __init__(self, service: State, program: str, key: str, fingerprint: str) -> None:
        self._vault = service.vault
        self._program, self._key, self._fingerprint = program, key, fingerprint

    def run(
        self,
        connection: Connection,
        make: Callable[[Connection, datetime], BaseModel | None],
        *,
        status: int,
        now: datetime,
    ) -> tuple[_Answer, bool]:
        """The answer, and whether it is one that was given before."""
        if not store.idempotency.begin(connection, self._program, self._key, self._fingerprint, now=now):
            return self._known(connection), True
        answer = _answer(make(connection, now), status)
        sealed = self._vault.seal(answer.body)
        store.idempotency.finish(connection, self._program, self._key, answer.status, sealed)
        return answer, False

    def _known(self, connection: Connection) -> _Answer:
        row = store.idempotency.get(connection, self._program, self._key)
        if row is None or row.answer is None:
            raise Conflict("A request with this Idempotency-Key is being worked on. Try again in a moment.")
        if row.fingerprint != self._fingerprint:
            raise IdempotencyMismatch("Use a new key for a new request.")
        return _Answer(status=row.status, body=self._vault.open(row.answer))


def _checked(key: str) -> str:
    # The draft writes the key quoted, most clients send it bare.
    bare = key[1:-1] if len(key) > 1 and key[0] == key[-1] == '"' else key
    if not 1 <= len(bare) <= LONGEST_KEY or not (bare.isascii() and bare.isprintable()):
        raise Malformed(f"The Idempotency-Key must be 1 to {LONGEST_KEY} visible ASCII characters.")
    return bare


async def _fingerprint(request: Request) -> str:
    content = f"{request.method} {request.url.path}\n".encode() + await request.body()
    return hashlib.sha256(content).hexdigest()
