"""Messages to webhooks: each becomes a delivery row in the transaction that caused it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection
from ulid import ULID

from app import store

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


def announce(connection: Connection, program: str, messages: Sequence[Message], *, now: datetime) -> None:
    """Owe each message to every webhook of the program that wants its type."""
    if not messages:
        return
    hooks = [(hook, set(hook.types)) for hook in store.webhooks.all_of(connection, program)]
    bodies = [(message, body_of(message, now=now)) for message in messages]
    rows = [
        {
            "id": f"msg_{ULID()}",
            "program": program,
            "webhook": hook.id,
            "type": message.type,
            "partner": message.partner,
            "body": body,
            "created_at": now,
            "due_at": now,
        }
        for message, body in bodies
        for hook, types in hooks
        if message.type in types
    ]
    if rows:
        store.deliveries.add(connection, rows)


def body_of(message: Message, *, now: datetime) -> str:
    """The frozen body: its UTF-8 bytes are what is signed and sent, on every attempt."""
    data = dict(message.data) if message.sequence is None else {**message.data, "sequence": message.sequence}
    document = {"type": message.type, "timestamp": now.isoformat().replace("+00:00", "Z"), "data": data}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
