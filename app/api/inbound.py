"""The door that platforms post to, each at a URL of its own and in its own format."""

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from app import clock
from app.api.state import Service
from app.errors import Unauthenticated
from app.services.sources import open_source
from app.sources.adapter import Incoming, Refused

router = APIRouter(tags=["Sources"])


class RefusedItem(BaseModel):
    """An item that could not become an event."""

    reason: str


class Receipt(BaseModel):
    """What became of a platform's request."""

    received: int = Field(description="Items in the request.")
    events: int = Field(description="Items that became events.")
    ignored: int = Field(description="Items that mean nothing for a score.")
    refused: list[RefusedItem]


@router.post("/in/{key}", responses={401: {"description": "The signature does not verify"}})
async def receive(request: Request, service: Service, key: str) -> Receipt:
    """Take a platform's native payload. Answers 200 once its events are durable and counted.

    The platform retries anything else; sending the same again is harmless.
    """
    source = await service.database.read(lambda connection: open_source(connection, service.vault, key))
    incoming = Incoming(dict(request.headers), await request.body(), dict(request.query_params))
    if not source.adapter.verify(incoming, source.secrets):
        raise Unauthenticated("The signature does not verify with any secret of this source.")
    translation = source.adapter.translate(incoming, source.settings, received_at=clock.now())
    events = [event.model_copy(update={"source": source.id}) for event in translation.events]
    results = await service.committer.record(source.program, events)
    late = [
        Refused(result.id, f"{error.path} {error.message}") for result in results for error in result.errors
    ]
    refused = [RefusedItem(reason=each.reason) for each in (*translation.refused, *late)]
    return Receipt(
        received=len(events) + len(translation.refused) + translation.ignored,
        events=len(events) - len(late),
        ignored=translation.ignored,
        refused=refused,
    )
