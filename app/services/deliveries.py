"""Deliveries: looked at, and sent again one by one."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from app import store
from app.errors import Conflict, NotFound
from app.services.announcing import new_id

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
    "replayed_at": None,
    "replay_of": None,
}


class Attempt(BaseModel):
    """One HTTP try of a delivery."""

    n: int
    started_at: datetime
    milliseconds: int
    status: int | None
    error: str | None
    answer: str | None


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
    replayed_at: datetime | None = Field(description="When somebody had it sent again.")
    replay_of: str | None = Field(description="The delivered message that this one repeats.")


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
    tries: list[Attempt] = Field(description="Those of the last 30 days, or as long as they are kept.")


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


def retry(
    connection: Connection, program: str, delivery: str, *, again: bool, now: datetime
) -> DeliveryDetail:
    """Have a delivery sent at once, under its id; one that arrived only if `again`, as a new one.

    Raises NotFound; Conflict if it is just being sent, its webhook is disabled, or it arrived.
    """
    row = store.deliveries.get(connection, program, delivery, lock=True)
    if row is None:
        raise NotFound(f"There is no delivery {delivery!r} in this program.")
    hook = store.webhooks.get(connection, program, row.webhook)
    if hook is None or not hook.enabled:
        raise Conflict("Its webhook is disabled. Enable it first.")
    if row.state == "delivered":
        if not again:
            raise Conflict('It was delivered. To have it sent once more under a new id, say {"again": true}.')
        return get_delivery(connection, program, _repeat(connection, row, now=now))
    if row.leased_until is not None and row.leased_until > store.deliveries.database_now(connection):
        raise Conflict("It is just being sent. See what comes of that.")
    store.deliveries.owe_again(connection, [delivery], now=now)
    return get_delivery(connection, program, delivery)


def _repeat(connection: Connection, row: Any, *, now: datetime) -> str:
    if row.body == store.deliveries.FORGOTTEN:
        raise Conflict("Its body was erased with a person whom it may have named.")
    id_ = new_id()
    store.deliveries.repeat(connection, [(row.id, id_)], now=now)
    return id_


def _shown(row: Any) -> dict[str, Any]:
    return {name: row._mapping["state" if name == "status" else name] for name in Delivery.model_fields}
