"""The door that platforms post to, each at a URL of its own and in its own format."""

from collections.abc import Iterator

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from app import clock
from app.api.state import Service
from app.errors import Unauthenticated
from app.services.recording import Result
from app.services.sources import keep_request, open_source
from app.sources.adapter import Incoming

router = APIRouter(tags=["Sources"])


class Receipt(BaseModel):
    """What became of a platform's request."""

    received: int = Field(description="Items in the request.")
    events: int = Field(description="Items that became events.")
    ignored: int = Field(description="Items that mean nothing for a score.")
    refused: list[str] = Field(description="Why, for each item that could not become an event.")


@router.post("/in/{key}", responses={401: {"description": "The signature does not verify"}})
async def receive(request: Request, service: Service, key: str) -> Receipt:
    """Take a platform's native payload. Answers 200 once its events are durable and counted.

    The platform retries anything else; sending the same again is harmless. If some items become no event, the
    request is kept, and listed with the reasons.
    """
    source = await service.database.read(lambda connection: open_source(connection, service.vault, key))
    body, now = await request.body(), clock.now()
    incoming = Incoming(dict(request.headers), body, dict(request.query_params))
    if not source.adapter.verify(incoming, source.secrets, received_at=now):
        raise Unauthenticated("The signature does not verify with any secret of this source.")
    translation = source.adapter.translate(incoming, source.settings, received_at=now)
    events = [event.model_copy(update={"source": source.id}) for event in translation.events]
    results = await service.committer.record(source.program, events)
    refused = [
        *(each.reason for each in translation.refused),
        *(why for each in results for why in _why(each)),
    ]
    if refused:
        await service.database.write(lambda c: keep_request(c, source, body, refused, now=now))
    return Receipt(
        received=len(events) + len(translation.refused) + translation.ignored,
        events=sum(not result.errors for result in results),
        ignored=translation.ignored,
        refused=refused,
    )


def _why(result: Result) -> Iterator[str]:
    yield from (f"{result.id}: {error.path} {error.message}" for error in result.errors)
