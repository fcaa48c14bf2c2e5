"""Webhooks: created with a secret that is shown once, listed, deleted; their deliveries looked at."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection
from ulid import ULID

from app import store
from app.errors import NotFound
from app.services.webhook_secrets import new_secret
from app.vault import Vault

_WEBHOOK: dict[str, Any] = {
    "id": "wh_01JCV7K8Q2W5X3Y9Z0A1B2C3D4",
    "url": "https://crm.example/hooks/handraiser",
    "types": ["handoff.opened"],
    "description": None,
    "enabled": True,
    "disabled_reason": None,
    "created_at": "2026-02-01T08:00:00Z",
}


class Webhook(BaseModel):
    """An endpoint of yours that Handraiser calls."""

    model_config = ConfigDict(json_schema_extra={"example": _WEBHOOK})

    id: str
    url: str
    types: list[str]
    description: str | None
    enabled: bool
    disabled_reason: str | None
    created_at: datetime


class NewWebhook(Webhook):
    """A webhook just made: the only time its secret is shown."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                **_WEBHOOK,
                "secret": "whsec_...",
            }
        }
    )

    secret: str = Field(
        description="Standard Webhooks secret to verify signatures with.", examples=["whsec_..."]
    )


class Attempt(BaseModel):
    """One HTTP try of a delivery."""

    n: int
    started_at: datetime
    milliseconds: int
    status: int | None
    error: str | None
    answer: str | None


_DELIVERY: dict[str, Any] = {
    "id": "msg_01JCV7K8Q2W5X3Y9Z0A1B2C3D4",
    "webhook": "wh_01JCV7K8Q2W5X3Y9Z0A1B2C3D4",
    "type": "handoff.opened",
    "partner": "acme",
    "status": "delivered",
    "attempts": 1,
    "due_at": "2026-03-12T15:00:00Z",
    "created_at": "2026-03-12T15:00:00Z",
    "finished_at": "2026-03-12T15:00:01Z",
}


class Delivery(BaseModel):
    """One message owed to one webhook."""

    model_config = ConfigDict(json_schema_extra={"example": _DELIVERY})

    id: str = Field(description="Sent as `webhook-id`, the same on every attempt.")
    webhook: str
    type: str
    partner: str | None
    status: str = Field(description="owed, delivered, dead or held")
    attempts: int
    due_at: datetime
    created_at: datetime
    finished_at: datetime | None


class DeliveryDetail(Delivery):
    """A delivery with its body and its attempts."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                **_DELIVERY,
                "body": '{"type":"handoff.opened",...}',
                "tries": [
                    {
                        "n": 1,
                        "started_at": "2026-03-12T15:00:00Z",
                        "milliseconds": 41,
                        "status": 200,
                        "error": None,
                        "answer": "ok",
                    }
                ],
            }
        }
    )

    body: str
    tries: list[Attempt]


def create_webhook(
    connection: Connection,
    vault: Vault,
    program: str,
    url: str,
    types: Sequence[str],
    *,
    description: str | None,
    now: datetime,
) -> NewWebhook:
    """Store a webhook whose URL has been checked."""
    webhook = NewWebhook(
        id=f"wh_{ULID()}",
        url=url,
        types=sorted(set(types)),
        description=description,
        enabled=True,
        disabled_reason=None,
        created_at=now,
        secret=new_secret(),
    )
    stored = webhook.model_dump() | {"secret": vault.seal(webhook.secret)}
    store.webhooks.add(connection, program=program, **stored)
    return webhook


def list_webhooks(connection: Connection, program: str, *, after: str, limit: int) -> list[Webhook]:
    """Webhooks, oldest first."""
    rows = store.webhooks.page(connection, program, after=after, limit=limit)
    return [Webhook.model_validate(row, from_attributes=True) for row in rows]


def get_webhook(connection: Connection, program: str, webhook: str) -> Webhook:
    """One webhook. Raises NotFound."""
    row = store.webhooks.get(connection, program, webhook)
    if row is None:
        raise NotFound(f"There is no webhook {webhook!r} in this program.")
    return Webhook.model_validate(row, from_attributes=True)


def delete_webhook(connection: Connection, program: str, webhook: str) -> None:
    """Delete a webhook and what it is owed. Raises NotFound."""
    if not store.webhooks.remove(connection, program, webhook):
        raise NotFound(f"There is no webhook {webhook!r} in this program.")


def list_deliveries(
    connection: Connection,
    program: str,
    *,
    webhook: str | None,
    status: str | None,
    since: datetime | None,
    before: tuple[datetime, str] | None,
    limit: int,
) -> list[Delivery]:
    """Deliveries, newest first."""
    rows = store.deliveries.page(
        connection, program, webhook=webhook, status=status, since=since, before=before, limit=limit
    )
    return [Delivery(**_shown(row)) for row in rows]


def get_delivery(connection: Connection, program: str, delivery: str) -> DeliveryDetail:
    """One delivery with its attempts. Raises NotFound."""
    row = store.deliveries.get(connection, program, delivery)
    if row is None:
        raise NotFound(f"There is no delivery {delivery!r} in this program.")
    tries = store.deliveries.attempts_of(connection, delivery)
    return DeliveryDetail(
        **_shown(row),
        body=row.body,
        tries=[Attempt.model_validate(each, from_attributes=True) for each in tries],
    )


def _shown(row: Any) -> dict[str, Any]:
    return {name: row._mapping["state" if name == "status" else name] for name in Delivery.model_fields}
