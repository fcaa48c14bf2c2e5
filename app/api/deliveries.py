"""Deliveries: what webhooks were owed, each attempt, and one sent again."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import TypeAdapter
from sqlalchemy import Connection

from app.api.answers import Page, created, decode_cursor, shown, shown_page
from app.api.auth import Admin, Reader
from app.api.parameters import Cursor, Limit, Moment
from app.api.state import Service
from app.api.strict_json import StrictRoute
from app.api.webhook_forms import RetryForm
from app.services import deliveries
from app.sources.event import Text

router = APIRouter(prefix="/v1/deliveries", tags=["Webhooks"], route_class=StrictRoute)

PLACE: TypeAdapter[tuple[datetime, str]] = TypeAdapter(tuple[Moment, Text])


@router.get("", response_model=Page[deliveries.Delivery])
async def list_deliveries(
    request: Request,
    service: Service,
    caller: Reader,
    webhook: str | None = None,
    status: Literal["owed", "delivered", "dead", "held"] | None = None,
    since: Annotated[Moment | None, Query(description="Created then or later.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Deliveries, newest first."""
    before = decode_cursor(cursor, PLACE) if cursor else None
    found = await service.database.read(
        lambda c: deliveries.list_deliveries(
            c,
            caller.program,
            webhook=webhook,
            status=status,
            since=since,
            before=before,
            limit=limit + 1,
        )
    )
    last = found[limit - 1] if len(found) > limit else None
    return shown_page(request, found[:limit], (last.created_at, last.id) if last else None)


@router.get("/{delivery}", response_model=deliveries.DeliveryDetail)
async def get_delivery(request: Request, service: Service, caller: Reader, delivery: str) -> Response:
    """One delivery with its body and each attempt."""
    return shown(
        request, await service.database.read(lambda c: deliveries.get_delivery(c, caller.program, delivery))
    )


@router.post("/{delivery}/retry", response_model=deliveries.DeliveryDetail)
async def retry(
    request: Request, service: Service, caller: Admin, delivery: str, form: RetryForm | None = None
) -> Response:
    """Send it at once, under its id and with the whole retry schedule before it; its attempts are kept."""
    again = (form or RetryForm()).again

    def make(connection: Connection, now: datetime) -> deliveries.DeliveryDetail:
        return deliveries.retry(connection, caller.program, delivery, again=again, now=now)

    answer = await created(request, service, caller.program, make, status=200)
    service.wake()
    return answer
