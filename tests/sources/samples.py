"""The sample requests of a platform, and the vectors of its signatures."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.sources.adapter import Adapter, Incoming, Translation, checked_settings
from app.sources.registry import ADAPTERS

DATA = Path(__file__).parents[1] / "data"
RECEIVED_AT = datetime(2026, 11, 21, 19, 25, tzinfo=UTC)

Json = dict[str, Any]


def sample(kind: str, name: str) -> Json:
    """One sample: `_meta`, `request` and `body`."""
    document: Json = json.loads((DATA / kind / f"{name}.json").read_text())
    return document


def vector(kind: str, name: str) -> Json:
    """One published signature: secret, body, headers."""
    vectors: dict[str, Json] = json.loads((DATA / kind / "vectors.json").read_text())
    return vectors[name]


def request(document: Json) -> Incoming:
    """The sample as a request; the path of the sample is taken to follow the key."""
    asked = document["request"]
    path, _, query = asked["path"].partition("?")
    return Incoming(
        headers=asked["headers"],
        body=b"" if asked["body_encoding"] == "none" else json.dumps(document["body"]).encode(),
        query=dict(pair.split("=") for pair in query.split("&") if pair),
        method=asked["method"],
        path=path,
    )


def posted(body: object, *, path: str = "", query: Json | None = None, **headers: str) -> Incoming:
    """A request with a JSON body; an underscore in a header's name stands for a hyphen."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Incoming(named, json.dumps(body).encode(), query or {}, path=path)


def translate(kind: str, incoming: Incoming, settings: Json | None = None) -> Translation:
    """What the adapter of that kind makes of it."""
    adapter: Adapter = ADAPTERS[kind]
    return adapter.translate(incoming, checked_settings(adapter, settings or {}), received_at=RECEIVED_AT)
