"""The door that platforms post to, each at a URL of its own and in its own format."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from app import clock
from app.api.state import Service, State
from app.api.strict_json import check_address
from app.background.inbox import ANSWER_SECONDS
from app.errors import DatabaseAway, Invalid, NotReady, Overloaded, Problem, Unauthenticated
from app.log import fault
from app.services.receipt import Receipt
from app.services.source_requests import SourceRequest
from app.services.sources import OpenSource, note_unverified, source_with_key
from app.sources.adapter import Incoming, Reply
from app.sources.door import Sight, looked_at

router = APIRouter(tags=["Sources"])

SOME_PATH = "/in/{key}/{path:path}"
ASKING = ["GET", "HEAD", "OPTIONS"]
PREFIX_PARTS = 3
"""`/in/<key>` and what follows it."""


@router.post(
    "/in/{key}",
    response_model=Receipt,
    responses={
        401: {"description": "No secret of the source vouches for the request"},
        429: {"description": "Too much is coming in, or the database is away: send it again"},
    },
)
@router.post(SOME_PATH, include_in_schema=False)
async def receive(request: Request, service: Service, key: str) -> Response:
    """Take a platform's native payload.

    It is kept as it came, and answered as that platform wants to be answered: 200 unless its protocol has
    something else. Items that cannot become events are listed under `GET /v1/sources/{source}/requests`
    and can be retried; sending the same again is harmless.
    """
    with _never_final():
        return await _receive(request, service, key)


@router.api_route("/in/{key}", methods=ASKING, include_in_schema=False)
@router.api_route(SOME_PATH, methods=ASKING, include_in_schema=False)
async def answer(request: Request, service: Service, key: str) -> Response:
    """Answer a platform that asks whether somebody is there."""
    with _never_final():
        source = await _source(service, key)
    incoming = await _incoming(request, service)
    reply = await asyncio.to_thread(source.adapter.handshake, incoming, source.secrets)
    if reply is None:
        detail = "This address is for the platform to post to; there is nothing to see."
        raise HTTPException(405, detail, headers={"Allow": "POST"})
    return _response(reply, request.method)


@contextmanager
def _never_final() -> Iterator[None]:
    """Some platforms give up for good on any answer from 500 up, all try again after 429."""
    try:
        yield
    except (DatabaseAway, TimeoutError, ClientDisconnect) as error:
        raise Overloaded("The database is away or slow. Send it again in a moment.", retry_after=2) from error
    except Exception as error:
        if isinstance(error, HTTPException) or (isinstance(error, Problem) and error.status < 500):
            raise
        fault("a request of a source could not be received", error)
        raise Overloaded("This is a fault of the service. Send it again later.", retry_after=60) from error


async def _receive(request: Request, service: State, key: str) -> Response:
    check_address(request.scope)
    source, now = await _source(service, key), clock.now()
    incoming = await _incoming(request, service)
    sight = await _looked_at(incoming, service, source, now)
    if not sight.is_verified:
        await _note_unverified(service, source, now)
        raise Unauthenticated("No secret of this source vouches for the request.")
    if sight.reply is not None:
        await _visit(service, sight.reply.visit)
        return _response(sight.reply, request.method)
    kept = await service.inbox.receive(source, incoming, now=now)
    unread = kept is not None and kept.status == "unreadable"
    reply = source.adapter.unreadable if unread else source.adapter.taken
    return _response(_with_receipt(reply, kept), request.method)


async def _note_unverified(service: State, source: OpenSource, now: datetime) -> None:
    if source.is_known_unverified(now=now):
        return
    async with asyncio.timeout(ANSWER_SECONDS):
        await service.database.write(lambda connection: note_unverified(connection, source, now=now))


async def _source(service: State, key: str) -> OpenSource:
    now = clock.now()
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await service.database.read(lambda c: source_with_key(c, service.vault, key, now=now))
    except Invalid as error:
        # Not the platform's fault: its mapping was good when it was stored.
        raise NotReady("The source's mapping is not understood any more.") from error


async def _incoming(request: Request, service: State) -> Incoming:
    """The request; its URL is the one we are known by, as a proxy may have changed what it says of itself."""
    raw = request.scope["raw_path"].decode("latin-1").partition("?")[0]
    query = request.scope["query_string"].decode("latin-1")
    url = service.settings.public_url.rstrip("/") + raw + (f"?{query}" if query else "")
    parts = request.scope["path"].split("/", PREFIX_PARTS)
    return Incoming(
        headers=dict(request.headers),
        body=await request.body(),
        query=dict(request.query_params),
        method=request.method,
        url=url,
        path="/" + parts[PREFIX_PARTS] if len(parts) > PREFIX_PARTS else "",
    )


async def _looked_at(incoming: Incoming, service: State, source: OpenSource, now: datetime) -> Sight:
    """In threads: anybody may send a body that takes a while to read, and nobody else is to wait for it."""
    look = partial(looked_at, adapter=source.adapter, secrets=source.secrets, received_at=now)
    sight = await asyncio.to_thread(look, incoming)
    if sight.needs is None:
        return sight
    content = await service.fetcher.lasting(sight.needs)
    if content is None:
        raise Overloaded("What the signature is to be checked with could not be fetched. Send it again.")
    return await asyncio.to_thread(look, replace(incoming, fetched={sight.needs: content}))


async def _visit(service: State, address: str | None) -> None:
    if address is not None and await service.fetcher.get(address) is None:
        raise Overloaded("The address that confirms could not be reached. Send it again.")


def _with_receipt(reply: Reply, kept: SourceRequest | None) -> Reply:
    return reply if reply.body is not None else replace(reply, body=_receipt(kept).model_dump())


def _receipt(kept: SourceRequest | None) -> Receipt:
    if kept is None:
        return Receipt(status="received", received=0, events=0, ignored=0, refused=[])
    return Receipt(
        status=kept.status,
        received=kept.items,
        events=kept.events,
        ignored=kept.ignored,
        refused=[each.reason for each in kept.refused],
    )


def _response(reply: Reply, method: str) -> Response:
    body: Mapping[str, Any] | str = reply.body if reply.body is not None else "ok"
    headers = dict(reply.headers)
    if method == "HEAD":
        return Response(status_code=reply.status, headers=headers)
    if isinstance(body, str):
        return PlainTextResponse(body, reply.status, headers=headers)
    return JSONResponse(dict(body), reply.status, headers=headers)
