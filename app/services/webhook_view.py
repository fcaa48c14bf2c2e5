"""How webhooks are shown: never with a secret or the value of a header."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from app import store
from app.errors import NotFound
from app.services.failing import disables_at
from app.store.webhooks import WebhookRow

Format = Literal["json", "slack", "teams"]

_SECRET: dict[str, Any] = {
    "created_at": "2026-02-01T08:00:00Z",
    "expires_at": None,
    "verification_key": None,
}
WEBHOOK: dict[str, Any] = {
    "id": "wh_01JCV7K8Q2W5X3Y9Z0A1B2C3D4",
    "url": "https://crm.example/hooks/handraiser",
    "types": ["handoff.opened"],
    "description": None,
    "format": "json",
    "headers": ["Authorization"],
    "max_in_flight": 10,
    "per_second": 50,
    "ordered": False,
    "enabled": True,
    "disabled_at": None,
    "disabled_by": None,
    "disabled_reason": None,
    "secrets": [_SECRET],
    "created_at": "2026-02-01T08:00:00Z",
}


class Secret(BaseModel):
    """A secret that signs what is sent, by its age."""

    created_at: datetime
    expires_at: datetime | None = Field(description="It signs until then; null: until it is rotated.")
    verification_key: str | None = Field(
        description="`whpk_...`: what to verify v1a signatures with; null for v1, whose secret is shown once."
    )


class Webhook(BaseModel):
    """An endpoint of yours that Handraiser calls."""

    model_config = ConfigDict(json_schema_extra={"example": WEBHOOK})

    id: str
    url: str
    types: list[str]
    description: str | None
    format: Format = Field(description="Of the body: `json`, or a card for Slack or Teams.")
    headers: list[str] = Field(description="Names of the headers that are sent along; values are not shown.")
    max_in_flight: int = Field(description="Attempts at once, for each worker process.")
    per_second: int = Field(description="Attempts per second, for each worker process.")
    ordered: bool = Field(description="Whether a partner's messages wait for the ones before them.")
    enabled: bool
    disabled_at: datetime | None
    disabled_by: str | None = Field(description="The key that did it; null if the service did.")
    disabled_reason: str | None
    secrets: list[Secret] = Field(description="Those that sign now, the newest first.")
    created_at: datetime


class NewWebhook(Webhook):
    """A webhook with a new secret: the only time that it is shown."""

    model_config = ConfigDict(json_schema_extra={"example": {**WEBHOOK, "secret": "whsec_..."}})

    secret: str = Field(
        description="Standard Webhooks secret, or the `whpk_` key, to verify signatures with.",
        examples=["whsec_..."],
    )


class WebhookHealth(BaseModel):
    """How a webhook does, and what waits for it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "failing",
                "failing_since": "2026-03-12T15:00:00Z",
                "failures": 7,
                "last_failure_at": "2026-03-13T04:35:00Z",
                "last_success_at": "2026-03-12T14:59:12Z",
                "warned_at": None,
                "disables_at": "2026-03-17T15:00:00Z",
                "owed": 12,
                "oldest_due_at": "2026-03-13T09:35:00Z",
                "held": 0,
                "dead": 1,
            }
        }
    )

    status: Literal["healthy", "failing", "disabled"]
    failing_since: datetime | None = Field(description="The first failure after the latest success.")
    failures: int = Field(description="Attempts that failed since then.")
    last_failure_at: datetime | None
    last_success_at: datetime | None = Field(description="May lag by some seconds.")
    warned_at: datetime | None = Field(description="When `webhook.failing` was announced.")
    disables_at: datetime | None = Field(
        description="A failure then or later disables the webhook, unless an attempt succeeds before."
    )
    owed: int
    oldest_due_at: datetime | None = Field(description="When the first of the owed is or was due.")
    held: int
    dead: int


def known(connection: Connection, program: str, webhook: str, *, lock: bool = False) -> WebhookRow:
    """The row of one webhook. Raises NotFound."""
    row = store.webhooks.get(connection, program, webhook, lock=lock)
    if row is None:
        raise NotFound(f"There is no webhook {webhook!r} in this program.")
    return row


def get_webhook(connection: Connection, program: str, webhook: str, *, now: datetime) -> Webhook:
    """One webhook. Raises NotFound."""
    return shown(connection, [known(connection, program, webhook)], now=now)[0]


def shown(connection: Connection, rows: Sequence[WebhookRow], *, now: datetime) -> list[Webhook]:
    """Webhooks as they are shown."""
    secrets = store.webhooks.secrets_of(connection, [row.id for row in rows], now=now)
    return [_shown(row, secrets[row.id]) for row in rows]


def _shown(row: WebhookRow, secrets: Sequence[WebhookRow]) -> Webhook:
    plain = {name: row._mapping[name] for name in Webhook.model_fields if name not in {"headers", "secrets"}}
    return Webhook(
        **plain,
        headers=list(row.headers),
        secrets=[Secret.model_validate(each, from_attributes=True) for each in secrets],
    )


def health_of(connection: Connection, row: WebhookRow, *, patience: timedelta) -> WebhookHealth:
    """How one webhook does."""
    health = store.webhook_health.of(connection, [row.id])[row.id]
    waiting = store.gauges.of_webhook(connection, row.id)
    status: Any = "failing" if health.failing_since else "healthy"
    return WebhookHealth(
        **health._asdict(),
        status=status if row.enabled else "disabled",
        disables_at=disables_at(health, patience=patience) if row.enabled else None,
        owed=waiting.owed,
        oldest_due_at=waiting.oldest_due_at,
        held=waiting.held,
        dead=waiting.dead,
    )
