"""The requests that sources made, as people see them: what came, what became of it, and why not all."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from app import store
from app.errors import NotFound
from app.services.masking import masked
from app.services.sources import secrets_of
from app.store.source_requests import RequestRow
from app.vault import Vault

NEWEST = 2**31 - 1
"""Greater than any request's number."""

LONGEST_IN_LIST = 10_000

Status = Literal["received", "taken", "quarantined", "unreadable", "failed"]

_REQUEST: dict[str, Any] = {
    "n": 1,
    "received_at": "2026-03-12T15:00:00Z",
    "status": "quarantined",
    "items": 2,
    "events": 1,
    "ignored": 0,
    "refused": [{"reason": "`sg_event_id` is missing", "item": '{"event": "open"}'}],
    "method": "POST",
    "path": "",
    "query": {},
    "headers": {"content-type": "application/json"},
    "body": '[{"event": "open", "email": "jo@acme.example"}]',
    "tries": 1,
    "error": None,
}


class RefusedItem(BaseModel):
    """An item that became no event."""

    reason: str
    item: str | None = Field(description="The item as JSON, or its beginning.")


class SourceRequest(BaseModel):
    """A request that a platform made."""

    model_config = ConfigDict(json_schema_extra={"example": _REQUEST})

    n: int = Field(description="Counts from 1 within the source.")
    received_at: datetime
    status: Status = Field(
        description="`taken`: all items were understood. `quarantined`: some became no event; mend the"
        " mapping or the settings and retry. `unreadable`: so is the body as a whole. `received`: it is kept,"
        " and taken in a moment. `failed`: that went wrong too often; `error` says how."
    )
    items: int
    events: int = Field(description="Items that became events.")
    ignored: int = Field(description="Items that mean nothing for a score.")
    refused: list[RefusedItem]
    method: str
    path: str = Field(description="What followed the key in the URL.")
    query: dict[str, str]
    headers: dict[str, str] = Field(description="Without what may be a secret.")
    body: str = Field(
        description=f"As it came, but for secrets of the source; in a list only the first {LONGEST_IN_LIST}"
        " characters."
    )
    tries: int
    error: str | None


def list_requests(
    connection: Connection,
    vault: Vault,
    program: str,
    source: str,
    status: Status | None,
    *,
    before: int,
    limit: int,
) -> list[SourceRequest]:
    """A source's requests, newest first, each with the beginning of its body. Raises NotFound."""
    secrets = secrets_of(connection, vault, program, source)
    rows: Sequence[RequestRow] = store.source_requests.page(
        connection, program, source, status, before=before, limit=limit
    )
    return [_shortened(request_view(row, secrets)) for row in rows]


def get_request(connection: Connection, vault: Vault, program: str, source: str, n: int) -> SourceRequest:
    """One request. Raises NotFound."""
    secrets = secrets_of(connection, vault, program, source)
    row = store.source_requests.get(connection, program, source, n)
    if row is None:
        raise NotFound(f"Source {source!r} has no request {n}; what was taken is kept for some days only.")
    return request_view(row, secrets)


def request_view(row: RequestRow, secrets: Sequence[str]) -> SourceRequest:
    """A request with its body as text, and without the source's secrets."""
    body = row.body.decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
    shown: dict[str, Any] = {
        **row._mapping,
        "body": masked(body, secrets),
        "error": row.error and masked(row.error, secrets),
    }
    return SourceRequest.model_validate(shown)


def _shortened(request: SourceRequest) -> SourceRequest:
    """Cut only now, when it is masked: half a secret would not have been found."""
    return request.model_copy(update={"body": request.body[:LONGEST_IN_LIST]})
