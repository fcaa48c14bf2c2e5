"""Queries on the moves of all hand-offs of a program, in the order in which they were committed."""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, select

from app.models import feeds, handoff_moves, handoffs
from app.store.handoffs import SHOWN, HandoffRow
from app.store.recordset import among


def latest_position(connection: Connection, program: str) -> int | None:
    """The position of the latest change to the program's queue, which need not be a move."""
    return connection.scalar(select(feeds.c.queue).where(feeds.c.program == program))


def position_before_latest(connection: Connection, program: str, count: int) -> int:
    """The position after which there are the latest `count` moves; 0 if there are not more."""
    latest = select(handoff_moves.c.position).where(handoff_moves.c.program == program)
    query = latest.order_by(handoff_moves.c.position.desc()).offset(count).limit(1)
    return connection.scalar(query) or 0


def after(connection: Connection, program: str, position: int, limit: int) -> Sequence[HandoffRow]:
    """The moves that follow a position."""
    follows = (handoff_moves.c.program == program) & (handoff_moves.c.position > position)
    query = select(handoff_moves).where(follows).order_by(handoff_moves.c.position).limit(limit)
    return connection.execute(query).all()


def handoffs_of(connection: Connection, program: str, ids: Collection[str]) -> Sequence[HandoffRow]:
    """These hand-offs, as they are shown."""
    query = SHOWN.where(handoffs.c.program == program, among(connection, handoffs.c.id, ids))
    return connection.execute(query).all()
