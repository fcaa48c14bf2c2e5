"""Small mappings and requests for tests of the mapping engine."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from app.sources.adapter import Incoming, Translation
from app.sources.event import NewEvent
from app.sources.mapping.adapter import MappingAdapter
from app.sources.mapping.reading import read_mapping

RECEIVED_AT = datetime(2025, 11, 13, 3, 0, tzinfo=UTC)
MINIMAL: dict[str, Any] = {
    "name": "Acme Mail",
    "verify": {"by": "path"},
    "type": "email.opened",
    "id": "id",
    "contact": "email",
}
ITEM: dict[str, Any] = {"id": "ev-1", "email": "pat@reseller.example"}


def adapter(**parts: Any) -> MappingAdapter:
    return MappingAdapter(read_mapping({**MINIMAL, **parts}), "mapping")


def incoming(
    body: object, headers: Mapping[str, str] | None = None, query: Mapping[str, str] | None = None
) -> Incoming:
    return Incoming(
        headers or {}, body if isinstance(body, bytes) else json.dumps(body).encode(), query or {}
    )


def translated(body: object, **parts: Any) -> Translation:
    return adapter(**parts).translate(incoming(body), {}, received_at=RECEIVED_AT)


def only_event(body: object, **parts: Any) -> NewEvent:
    translation = translated(body, **parts)
    assert not translation.refused
    (event,) = translation.events
    return event


def only_reason(body: object, **parts: Any) -> str:
    translation = translated(body, **parts)
    assert not translation.events
    (refused,) = translation.refused
    return refused.reason
