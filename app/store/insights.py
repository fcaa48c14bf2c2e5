"""Queries for insights: the first events of partners, how far their hand-offs came, how those ended."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from app.models import events, handoff_moves, handoffs, partners
from app.store.recordset import among, recordset

PAGE = 1_000


def first_events(connection: Connection, program: str, roots: Mapping[str, str]) -> dict[str, datetime]:
    """The first human event of each root, given the root of each identity.

    A look into the ledger's index for each identity, however many events it has.
    """
    # Not partners.id, whose collation would keep PostgreSQL from the ledger's index.
    members = recordset(connection, (events.c.partner, partners.c.counts_for), list(roots.items()))
    first = (
        select(events.c.occurred_at)
        .where(events.c.program == program, events.c.partner == members.c.partner)
        .where(events.c.verdict == "human")
        .order_by(events.c.occurred_at)
        .limit(1)
        .scalar_subquery()
    )
    found: dict[str, datetime] = {}
    for root, at in connection.execute(select(members.c.counts_for, first)):
        if at is not None:
            found[root] = min(found.get(root, at), at)
    return found


def handoffs_of(connection: Connection, program: str, identities: Collection[str]) -> Sequence[Any]:
    """How far the hand-offs of these partners came, and when; without those that were withdrawn."""
    own = handoffs.c
    claimed_at = (
        select(func.min(handoff_moves.c.at))
        .where(handoff_moves.c.handoff == own.id, handoff_moves.c.move == "claim")
        .scalar_subquery()
    )
    query = select(
        own.partner, own.crossed_at, own.opened_at, claimed_at.label("claimed_at"), own.closed_at, own.outcome
    ).where(
        own.program == program,
        among(connection, own.partner, identities),
        own.outcome.is_distinct_from("withdrawn"),
    )
    return connection.execute(query).all()


def closed(connection: Connection, program: str, *, start: datetime, end: datetime) -> Iterator[Any]:
    """How each hand-off ended that was closed then, start <= closed_at < end, in pages."""
    query = (
        select(handoffs.c.outcome, handoffs.c.value, handoffs.c.band, handoffs.c.lines)
        .where(
            handoffs.c.program == program,
            handoffs.c.state == "closed",
            handoffs.c.closed_at >= start,
            handoffs.c.closed_at < end,
        )
        .execution_options(yield_per=PAGE)
    )
    yield from connection.execute(query)
