"""Messages to webhooks: each becomes a delivery row in the transaction that caused it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic_core import to_json
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
) -> set[str | None]:
    """Owe each message to every webhook of the program that wants its type, but for the one `beside`.

    Those, among the partners that messages are about, of whom any webhook is told.
    """
    if not messages:
        return set()
    wanted = store.webhooks.types_of(connection, program)
    rows = [
        _row(program, webhook, message, now=now)
        for message in messages
        for webhook, types in wanted.items()
        if message.type in types and webhook != beside
    ]
    if rows:
        store.deliveries.add(connection, rows)
    return {row["partner"] for row in rows}


def owe(connection: Connection, hook: WebhookRow, message: Message, *, now: datetime) -> str:
    """Owe a message to one webhook, whatever its types; the delivery's id."""
    row = _row(hook.program, hook.id, message, now=now)
    store.deliveries.add(connection, [row])
    id_: str = row["id"]
    return id_


def new_id() -> str:
    """An id for a delivery."""
    return f"msg_{ULID()}"


def _row(program: str, webhook: str, message: Message, *, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "program": program,
        "webhook": webhook,
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
    return to_json(document).decode()


def rfc3339(moment: datetime) -> str:
    """An instant in UTC, as bodies have it."""
    return moment.isoformat().replace("+00:00", "Z")
