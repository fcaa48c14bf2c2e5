"""Webhooks and what was delivered to them."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from sqlalchemy import Connection

from app.api.answers import Page, created, decode_cursor, shown, shown_page
from app.api.auth import Admin, Reader
from app.api.parameters import BY_ID, Cursor, Limit, Moment
from app.api.state import Service
from app.api.strict_json import StrictRoute
from app.services import webhooks
from app.services.addresses import check_url
from app.services.announcing import MessageType
from app.sources.event import Text

router = APIRouter(prefix="/v1", tags=["Webhooks"], route_class=StrictRoute)

PLACE: TypeAdapter[tuple[datetime, str]] = TypeAdapter(tuple[Moment, Text])


class WebhookForm(BaseModel):
    """A webhook to create."""

    model_config = ConfigDict(extra="forbid")

    url: Annotated[Text, Field(max_length=2_000, examples=["https://crm.example/hooks/handraiser"])]
    types: Annotated[list[MessageType], Field(min_length=1, examples=[["handoff.opened"]])]
    description: Annotated[Text, Field(max_length=500)] | None = None


@router.post("/webhooks", status_code=201, response_model=webhooks.NewWebhook)
async def create_webhook(request: Request, service: Service, caller: Admin, form: WebhookForm) -> Response:
    """Create a webhook. Its secret is in this answer and nowhere else; verify signatures with it."""
    check_url(form.url, service.networks)

    def make(connection: Connection, now: datetime) -> webhooks.NewWebhook:
        return webhooks.create_webhook(
            connection,
            service.vault,
            caller.program,
            form.url,
            types=form.types,
            description=form.description,
            now=now,
        )

    return await created(request, service, caller.program, make)


@router.get("/webhooks", response_model=Page[webhooks.Webhook])
async def list_webhooks(
    request: Request, service: Service, caller: Reader, limit: Limit = 50, cursor: Cursor = None
) -> Response:
    """Webhooks, oldest first."""
    after = decode_cursor(cursor, BY_ID)[0] if cursor else ""
    found = await service.database.read(
        lambda c: webhooks.list_webhooks(c, caller.program, after=after, limit=limit + 1)
    )
    return shown_page(request, found[:limit], [found[limit - 1].id] if len(found) > limit else None)


@router.get("/webhooks/{webhook}", response_model=webhooks.Webhook)
async def get_webhook(request: Request, service: Service, caller: Reader, webhook: str) -> Response:
    """One webhook, without its secret."""
    return shown(
        request, await service.database.read(lambda c: webhooks.get_webhook(c, caller.program, webhook))
    )


@router.delete("/webhooks/{webhook}", status_code=204)
async def delete_webhook(service: Service, caller: Admin, webhook: str) -> None:
    """Delete a webhook and what is still owed to it."""
    await service.database.write(lambda c: webhooks.delete_webhook(c, caller.program, webhook))


@router.get("/deliveries", response_model=Page[webhooks.Delivery])
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
        lambda c: webhooks.list_deliveries(
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


@router.get("/deliveries/{delivery}", response_model=webhooks.DeliveryDetail)
async def get_delivery(request: Request, service: Service, caller: Reader, delivery: str) -> Response:
    """One delivery with its body and each attempt."""
    return shown(
        request, await service.database.read(lambda c: webhooks.get_delivery(c, caller.program, delivery))
    )
