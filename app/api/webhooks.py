"""Webhooks: made, changed, tested, rotated, disabled and enabled, and what they were owed sent again."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel
from sqlalchemy import Connection

from app import clock
from app.api.answers import Page, created, decode_cursor, shown, shown_page
from app.api.auth import Admin, Reader
from app.api.etags import require_match
from app.api.parameters import BY_ID, Cursor, Limit
from app.api.state import Service, State
from app.api.strict_json import StrictRoute
from app.api.webhook_forms import (
    DisableForm,
    EnableForm,
    ReplayForm,
    RotateForm,
    WebhookChange,
    WebhookForm,
)
from app.services import deliveries, replaying, webhook_view, webhooks
from app.services.addresses import check_url
from app.services.webhook_view import NewWebhook, Webhook, WebhookHealth

router = APIRouter(prefix="/v1/webhooks", tags=["Webhooks"], route_class=StrictRoute)

Number = Annotated[int, Path(ge=1, lt=2**31)]


@router.post("", status_code=201, response_model=NewWebhook)
async def create_webhook(request: Request, service: Service, caller: Admin, form: WebhookForm) -> Response:
    """Create a webhook. Its secret is in this answer and nowhere else; verify signatures with it."""
    check_url(form.url, service.networks)
    settings = webhooks.WebhookSettings(**form.model_dump(exclude={"signature"}))

    def make(connection: Connection, now: datetime) -> NewWebhook:
        return webhooks.create_webhook(
            connection, service.vault, caller.program, settings, form.signature, now=now
        )

    return await created(request, service, caller.program, make)


@router.get("", response_model=Page[Webhook])
async def list_webhooks(
    request: Request, service: Service, caller: Reader, limit: Limit = 50, cursor: Cursor = None
) -> Response:
    """Webhooks, oldest first."""
    after, now = decode_cursor(cursor, BY_ID)[0] if cursor else "", clock.now()
    found = await service.database.read(
        lambda c: webhooks.list_webhooks(c, caller.program, after=after, limit=limit + 1, now=now)
    )
    return shown_page(request, found[:limit], [found[limit - 1].id] if len(found) > limit else None)


@router.get("/{webhook}", response_model=Webhook)
async def get_webhook(request: Request, service: Service, caller: Reader, webhook: str) -> Response:
    """One webhook, without its secrets."""
    now = clock.now()
    return shown(
        request,
        await service.database.read(lambda c: webhook_view.get_webhook(c, caller.program, webhook, now=now)),
    )


@router.get("/{webhook}/health", response_model=WebhookHealth)
async def get_health(request: Request, service: Service, caller: Reader, webhook: str) -> Response:
    """Whether it fails, since when, what waits for it, and when it will be disabled if nothing succeeds."""
    patience = timedelta(seconds=service.settings.webhook_disable_after)
    return shown(
        request,
        await service.database.read(
            lambda c: webhooks.get_health(c, caller.program, webhook, patience=patience)
        ),
    )


@router.patch("/{webhook}", response_model=Webhook)
async def change_webhook(
    request: Request, service: Service, caller: Admin, webhook: str, form: WebhookChange
) -> Response:
    """Change settings; with If-Match, only of the version you have seen. What is owed goes to the new URL."""
    if form.url is not None:
        check_url(form.url, service.networks)
    now = clock.now()
    changed = await service.database.write(
        lambda c: webhooks.change_webhook(
            c,
            service.vault,
            caller.program,
            webhook,
            form.model_dump(exclude_unset=True),
            check=lambda current: require_match(request, current),
            now=now,
        )
    )
    service.wake()
    return shown(request, changed)


@router.delete("/{webhook}", status_code=204)
async def delete_webhook(service: Service, caller: Admin, webhook: str) -> None:
    """Delete a webhook, what is still owed to it, and what is known of its deliveries.

    An attempt that is in flight at that moment may still arrive.
    """
    now = clock.now()
    await service.database.write(lambda c: webhooks.delete_webhook(c, caller.program, webhook, now=now))


@router.post("/{webhook}/rotate-secret", response_model=NewWebhook)
async def rotate_secret(
    request: Request, service: Service, caller: Admin, webhook: str, form: RotateForm | None = None
) -> Response:
    """Make a new secret, shown here only. The old one signs beside it for 24 hours; at most three do."""
    expire = (form or RotateForm()).expire_previous

    def make(connection: Connection, now: datetime) -> NewWebhook:
        return webhooks.rotate_secret(
            connection, service.vault, caller.program, webhook, expire_previous=expire, now=now
        )

    return await _made(request, service, caller.program, make)


@router.post("/{webhook}/test", status_code=202, response_model=deliveries.DeliveryDetail)
async def test_webhook(request: Request, service: Service, caller: Admin, webhook: str) -> Response:
    """Send a `test.ping`, once, even if the webhook is disabled; the delivery says what came of it."""

    def make(connection: Connection, now: datetime) -> deliveries.DeliveryDetail:
        ping = webhooks.ping(connection, caller.program, webhook, now=now)
        return deliveries.get_delivery(connection, caller.program, ping)

    return await _made(request, service, caller.program, make, status=202)


@router.post("/{webhook}/disable", response_model=Webhook)
async def disable_webhook(
    request: Request, service: Service, caller: Admin, webhook: str, form: DisableForm | None = None
) -> Response:
    """Send it nothing more. What it is and will be owed is held, and listed under `GET /v1/deliveries`."""
    reason = (form or DisableForm()).reason

    def make(connection: Connection, now: datetime) -> Webhook:
        return webhooks.disable_webhook(
            connection, caller.program, webhook, reason=reason, by=caller.name, now=now
        )

    return await _made(request, service, caller.program, make)


@router.post("/{webhook}/enable", response_model=Webhook)
async def enable_webhook(
    request: Request, service: Service, caller: Admin, webhook: str, form: EnableForm | None = None
) -> Response:
    """Send to it again. What was held stays held until it is replayed, here or later."""
    replay = (form or EnableForm()).replay

    def make(connection: Connection, now: datetime) -> Webhook:
        return webhooks.enable_webhook(connection, caller.program, webhook, replay=replay, now=now)

    return await _made(request, service, caller.program, make)


@router.post("/{webhook}/replay", status_code=202, response_model=replaying.Replay)
async def replay(
    request: Request, service: Service, caller: Admin, webhook: str, form: ReplayForm | None = None
) -> Response:
    """Send again what was held, is dead or was delivered: any number, the most of it in the background."""
    wanted = replaying.Range(**(form or ReplayForm()).model_dump())

    def make(connection: Connection, now: datetime) -> replaying.Replay:
        return replaying.start(connection, caller.program, webhook, wanted, now=now)

    return await _made(request, service, caller.program, make, status=202)


@router.get("/{webhook}/replays/{n}", response_model=replaying.Replay)
async def get_replay(request: Request, service: Service, caller: Reader, webhook: str, n: Number) -> Response:
    """How far a replay has come."""
    return shown(
        request, await service.database.read(lambda c: replaying.get_replay(c, caller.program, webhook, n))
    )


async def _made(
    request: Request,
    service: State,
    program: str,
    make: Callable[[Connection, datetime], BaseModel],
    *,
    status: int = 200,
) -> Response:
    answer = await created(request, service, program, make, status=status)
    service.wake()
    return answer
