"""Queries on hand-offs that come from files and go into them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, tuple_

from app.models import handoffs
from app.store.handoffs import SHOWN, HandoffRow
from app.store.recordset import among


class Place(NamedTuple):
    """Where a hand-off stands among all, by when it crossed."""

    crossed_at: datetime
    id: str


@dataclass(frozen=True)
class Wanted:
    """Which hand-offs to read: since <= crossed_at < until; None is no bound."""

    since: datetime | None = None
    until: datetime | None = None
    state: str | None = None


def page(
    connection: Connection, program: str, wanted: Wanted, *, after: Place | None, limit: int
) -> Sequence[HandoffRow]:
    """Hand-offs, those that crossed first coming first."""
    query = SHOWN.where(handoffs.c.program == program)
    if wanted.since is not None:
        query = query.where(handoffs.c.crossed_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(handoffs.c.crossed_at < wanted.until)
    if wanted.state is not None:
        query = query.where(handoffs.c.state == wanted.state)
    if after is not None:
        query = query.where(tuple_(handoffs.c.crossed_at, handoffs.c.id) > after)
    return connection.execute(query.order_by(handoffs.c.crossed_at, handoffs.c.id).limit(limit)).all()


def partners_of(connection: Connection, program: str, ids: Collection[str]) -> set[str]:
    """The partners of these hand-offs."""
    query = SHOWN.where(handoffs.c.program == program, among(connection, handoffs.c.id, ids))
    return {row.partner for row in connection.execute(query)}


def by_external_id(connection: Connection, program: str, external_id: str) -> HandoffRow | None:
    """The hand-off that another system calls so."""
    query = SHOWN.where(handoffs.c.program == program, handoffs.c.external_id == external_id)
    return connection.execute(query).one_or_none()
