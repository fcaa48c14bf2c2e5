"""Webhooks: created with a secret that is shown once, changed, tested, disabled and enabled, deleted."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection
from ulid import ULID

from app import store
from app.errors import Conflict
from app.services.announcing import Message, owe
from app.services.replaying import Range, start
from app.services.webhook_headers import sealed
from app.services.webhook_life import disable
from app.services.webhook_secrets import Signature, add_secret, replace_secret
from app.services.webhook_view import (
    Format,
    NewWebhook,
    Webhook,
    WebhookHealth,
    get_webhook,
    health_of,
    known,
    shown,
)
from app.store.webhook_health import Health
from app.vault import Vault

Check = Callable[[Webhook], None]


@dataclass(frozen=True)
class WebhookSettings:
    """What a person decides about a webhook, its URL checked already."""

    url: str
    types: Sequence[str]
    description: str | None = None
    format: Format = "json"
    headers: Mapping[str, str] = field(default_factory=dict)
    max_in_flight: int = 10
    per_second: int = 50
    ordered: bool = False


def create_webhook(
    connection: Connection,
    vault: Vault,
    program: str,
    settings: WebhookSettings,
    signature: Signature = "v1",
    *,
    now: datetime,
) -> NewWebhook:
    """Store a webhook. Raises Invalid for headers that cannot be sent."""
    values = _stored(vault, vars(settings), {})
    id_ = f"wh_{ULID()}"
    store.webhooks.add(connection, id=id_, program=program, enabled=True, created_at=now, **values)
    secret = add_secret(connection, vault, id_, signature, now=now)
    return NewWebhook(**get_webhook(connection, program, id_, now=now).model_dump(), secret=secret)


def list_webhooks(
    connection: Connection, program: str, *, after: str, limit: int, now: datetime
) -> list[Webhook]:
    """Webhooks, oldest first."""
    return shown(connection, store.webhooks.page(connection, program, after=after, limit=limit), now=now)


def get_health(connection: Connection, program: str, webhook: str, *, patience: timedelta) -> WebhookHealth:
    """How one webhook does. Raises NotFound."""
    return health_of(connection, known(connection, program, webhook), patience=patience)


def change_webhook(
    connection: Connection,
    vault: Vault,
    program: str,
    webhook: str,
    changes: Mapping[str, Any],
    *,
    check: Check,
    now: datetime,
) -> Webhook:
    """Change settings, headers one by one. Raises NotFound, Invalid, and what `check` does."""
    row = known(connection, program, webhook, lock=True)
    check(shown(connection, [row], now=now)[0])
    if changes:
        store.webhooks.change(connection, webhook, _stored(vault, changes, row.headers))
    if changes.get("url", row.url) != row.url:
        _begin_afresh(connection, webhook)
    return get_webhook(connection, program, webhook, now=now)


def rotate_secret(
    connection: Connection,
    vault: Vault,
    program: str,
    webhook: str,
    *,
    expire_previous: bool,
    now: datetime,
) -> NewWebhook:
    """Give a webhook a new secret. Raises NotFound."""
    known(connection, program, webhook, lock=True)
    secret = replace_secret(connection, vault, webhook, expire_previous=expire_previous, now=now)
    return NewWebhook(**get_webhook(connection, program, webhook, now=now).model_dump(), secret=secret)


def ping(connection: Connection, program: str, webhook: str, *, now: datetime) -> str:
    """Owe a webhook, enabled or not, a `test.ping`; the delivery's id. Raises NotFound."""
    row = known(connection, program, webhook)
    data = {"webhook": row.id, "description": row.description}
    return owe(connection, row, Message("test.ping", data), now=now)


def disable_webhook(
    connection: Connection, program: str, webhook: str, *, reason: str | None, by: str, now: datetime
) -> Webhook:
    """Send it nothing more; what it is owed is held. Raises NotFound."""
    store.webhooks.lock_all(connection, [program])
    row = known(connection, program, webhook)
    disable(connection, row, reason=reason, by=by, now=now)
    return get_webhook(connection, program, webhook, now=now)


def enable_webhook(
    connection: Connection, program: str, webhook: str, *, replay: bool, now: datetime
) -> Webhook:
    """Send to it again. What was held stays so, unless it is to be replayed. Raises NotFound and Conflict."""
    row = known(connection, program, webhook, lock=True)
    if not row.enabled:
        if store.held.still_owed(connection, webhook):
            raise Conflict("What it is owed is still being put aside. Try again in a moment.")
        cleared = {"disabled_at": None, "disabled_by": None, "disabled_reason": None}
        store.webhooks.change(connection, webhook, {"enabled": True, "enabled_at": now, **cleared})
    if replay:
        start(connection, program, webhook, Range("held"), now=now)
    if not row.enabled:
        _begin_afresh(connection, webhook)
    return get_webhook(connection, program, webhook, now=now)


def delete_webhook(connection: Connection, program: str, webhook: str, *, now: datetime) -> None:
    """Delete a webhook; what it is owed is forgotten in the background. Raises NotFound.

    An attempt that is in flight already may still arrive.
    """
    known(connection, program, webhook, lock=True)
    store.replays.stop(connection, webhook, now=now)
    store.webhooks.change(connection, webhook, {"enabled": False, "deleted_at": now})


def _begin_afresh(connection: Connection, webhook: str) -> None:
    """Forget that it was failing."""
    before = store.webhook_health.of(connection, [webhook], lock=True)[webhook]
    fresh = Health(last_failure_at=before.last_failure_at, last_success_at=before.last_success_at)
    store.webhook_health.save(connection, {webhook: fresh})


def _stored(vault: Vault, settings: Mapping[str, Any], headers: Mapping[str, str]) -> dict[str, Any]:
    values = dict(settings)
    if "types" in values:
        values["types"] = sorted(set(values["types"]))
    if "headers" in values:
        values["headers"] = sealed(vault, values["headers"], headers)
    return values
