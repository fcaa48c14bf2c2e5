"""Requests of sources are taken again: one by one, or all that are not wholly understood."""

from collections.abc import Collection
from datetime import datetime, timedelta

from pydantic import BaseModel, Field
from sqlalchemy import Connection

from app import store
from app.errors import NotFound
from app.services.sources import OpenSource, get_source, open_own
from app.store.source_requests import RequestRow
from app.vault import Vault

PATIENCE = timedelta(seconds=60)
"""A try that has not come to an end by then is taken for lost."""


class Retaking(BaseModel):
    """Requests that will be taken again."""

    requests: int = Field(description="How many there are.", examples=[12])


def find(
    connection: Connection, vault: Vault, program: str, source: str, n: int
) -> tuple[OpenSource, RequestRow]:
    """A source and one of its requests. Raises NotFound."""
    opened = open_own(connection, vault, program, source)
    row = store.source_requests.get(connection, program, source, n)
    if row is None:
        raise NotFound(f"Source {source!r} has no request {n}; what was taken is kept for some days only.")
    return opened, row


def reopen(
    connection: Connection, program: str, source: str, statuses: Collection[str], *, now: datetime
) -> Retaking:
    """Let requests in one of `statuses` wait to be taken next, as if never tried. Raises NotFound."""
    get_source(connection, program, source)
    # Not as if from long ago: what has waited longer goes first.
    since = now - PATIENCE
    return Retaking(requests=store.source_requests.reopen(connection, source, statuses, since=since))
