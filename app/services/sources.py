"""Sources: a platform gets a URL of its own, and what it posts there becomes events."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection
from ulid import ULID

from app import store
from app.errors import FieldError, Invalid, NotFound
from app.sources.adapter import Adapter, checked_settings
from app.sources.registry import ADAPTERS
from app.vault import Vault, digest

_SOURCE: dict[str, Any] = {
    "id": "src_01JCV7K8Q2W5X3Y9Z0A1B2C3D4",
    "kind": "sendgrid",
    "name": "Newsletter",
    "settings": {"partner_argument": "partner_id"},
    "created_at": "2026-02-01T08:00:00Z",
    "disabled_at": None,
}


class Source(BaseModel):
    """A platform that posts its own format."""

    model_config = ConfigDict(json_schema_extra={"example": _SOURCE})

    id: str
    kind: str
    name: str
    settings: dict[str, Any]
    created_at: datetime
    disabled_at: datetime | None


class NewSource(Source):
    """A source just made: the only time its key and URL are shown."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                **_SOURCE,
                "key": "...",
                "url": "https://handraiser.vendor.example/in/...",
                "steps": ["In SendGrid, open ..."],
            }
        }
    )

    key: str
    url: str = Field(description="What to paste into the platform.")
    steps: list[str] = Field(description="What to do there, in its own words.")


class SourceRequest(BaseModel):
    """A request of which something could not become an event."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "n": 1,
                "received_at": "2026-03-12T15:00:00Z",
                "refused": ["sg_event_id is missing"],
                "body": '[{"event": "open", "email": "jo@acme.example"}]',
            }
        }
    )

    n: int
    received_at: datetime
    refused: list[str] = Field(description="Why, for each item that became no event.")
    body: str = Field(description="As it came.")


@dataclass(frozen=True)
class OpenSource:
    """A source whose key was presented, ready to verify and translate."""

    id: str
    program: str
    adapter: Adapter
    secrets: Sequence[str]
    settings: dict[str, Any]


def create_source(
    connection: Connection,
    vault: Vault,
    program: str,
    kind: str,
    name: str,
    *,
    secrets_: Sequence[str],
    settings: dict[str, Any],
    public_url: str,
    now: datetime,
) -> NewSource:
    """Store a source. Raises Invalid for an unknown kind, unusable secrets or settings."""
    adapter = _adapter(kind)
    adapter.check_secrets(secrets_)
    key = secrets.token_urlsafe(24)
    url = f"{public_url.rstrip('/')}/in/{key}"
    source = NewSource(
        id=f"src_{ULID()}",
        kind=kind,
        name=name,
        settings=checked_settings(adapter, settings),
        created_at=now,
        disabled_at=None,
        key=key,
        url=url,
        steps=adapter.steps(url),
    )
    store.sources.add(
        connection,
        program=program,
        key_digest=digest(key),
        secrets=vault.seal(json.dumps(list(secrets_))),
        **source.model_dump(exclude={"key", "url", "steps"}),
    )
    return source


def list_sources(connection: Connection, program: str, *, after: str, limit: int) -> list[Source]:
    """Sources, oldest first."""
    rows = store.sources.page(connection, program, after=after, limit=limit)
    return [Source.model_validate(row, from_attributes=True) for row in rows]


def get_source(connection: Connection, program: str, source: str) -> Source:
    """One source. Raises NotFound."""
    row = store.sources.get(connection, program, source)
    if row is None:
        raise NotFound(f"There is no source {source!r} in this program.")
    return Source.model_validate(row, from_attributes=True)


def disable_source(connection: Connection, program: str, source: str, *, now: datetime) -> None:
    """Accept nothing more at its URL. Raises NotFound."""
    if not store.sources.disable(connection, program, source, now=now):
        raise NotFound(f"There is no enabled source {source!r} in this program.")


def open_source(connection: Connection, vault: Vault, key: str) -> OpenSource:
    """The enabled source whose URL has this key. Raises NotFound."""
    row = store.sources.by_key(connection, digest(key))
    if row is None:
        raise NotFound("No source has this URL. Was it deleted, or cut when it was pasted?")
    return OpenSource(
        row.id, row.program, _adapter(row.kind), json.loads(vault.open(row.secrets)), row.settings
    )


def keep_request(
    connection: Connection, source: OpenSource, body: bytes, refused: Sequence[str], *, now: datetime
) -> int:
    """Keep a request of which something could not become an event, so that nothing is lost; its number."""
    return store.sources.add_request(
        connection, source.id, program=source.program, received_at=now, body=body, refused=list(refused)
    )


def list_requests(
    connection: Connection, program: str, source: str, *, before: int, limit: int
) -> list[SourceRequest]:
    """A source's requests that were not fully understood, newest first. Raises NotFound."""
    get_source(connection, program, source)
    rows = store.sources.request_page(connection, program, source, before=before, limit=limit)
    return [
        SourceRequest(
            n=row.n,
            received_at=row.received_at,
            refused=row.refused,
            body=row.body.decode(errors="replace"),
        )
        for row in rows
    ]


def _adapter(kind: str) -> Adapter:
    adapter = ADAPTERS.get(kind)
    if adapter is None:
        message = f"must be one of: {', '.join(sorted(ADAPTERS))}"
        raise Invalid(f"There is no source kind {kind!r}.", errors=[FieldError("kind", message)])
    return adapter
