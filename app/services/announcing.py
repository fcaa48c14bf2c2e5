"""Messages to webhooks: each becomes a delivery row in the transaction that caused it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection
from ulid import ULID

from app import store
from app.store.webhooks import WebhookRow

MessageType = Literal[
    "handoff.opened",
    "handoff.claimed",
    "handoff.released",
    "handoff.snoozed",
    "handoff.unsnoozed",
    "handoff.assigned",
    "handoff.closed",
    "handoff.overdue",
    "score.band_changed",
    "rubric.activated",
    "webhook.failing",
    "webhook.recovered",
    "webhook.disabled",
    "test.ping",
]


@dataclass(frozen=True)
class Message:
    """Something that webhooks may want to know; `sequence` counts per partner."""

    type: MessageType
    data: Mapping[str, Any]
    partner: str | None = None
    sequence: int | None = None


def announce(
    connection: Connection,
    program: str,
    messages: Sequence[Message],
    *,
    now: datetime,
    beside: str | None = None,
) -> None:
    """Owe each message to every webhook of the program that wants its type, but for the one `beside`."""
    if not messages:
        return
    hooks = [
        (hook, set(hook.types)) for hook in store.webhooks.all_of(connection, program) if hook.id != beside
    ]
    rows = [
        _row(hook, message, now=now) for message in messages for hook, types in hooks if message.type in types
    ]
    if rows:
        store.deliveries.add(connection, rows)


def owe(connection: Connection, hook: WebhookRow, message: Message, *, now: datetime) -> str:
    """Owe a message to one webhook, whatever its types; the delivery's id."""
    row = _row(hook, message, now=now)
    store.deliveries.add(connection, [row])
    id_: str = row["id"]
    return id_


def new_id() -> str:
    """An id for a delivery."""
    return f"msg_{ULID()}"


def _row(hook: WebhookRow, message: Message, *, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "program": hook.program,
        "webhook": hook.id,
        "type": message.type,
        "partner": message.partner,
        "sequence": message.sequence,
        "body": body_of(message, now=now),
        "created_at": now,
        "due_at": now,
    }


def body_of(message: Message, *, now: datetime) -> str:
    """The frozen body: its UTF-8 bytes are what is signed and sent, on every attempt."""
    data = dict(message.data) if message.sequence is None else {**message.data, "sequence": message.sequence}
    document = {"type": message.type, "timestamp": rfc3339(now), "data": data}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def rfc3339(moment: datetime) -> str:
    """An instant in UTC, as bodies have it."""
    return moment.isoformat().replace("+00:00", "Z")
