"""Queries on hand-offs and their history."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, false, func, insert, or_, select, true, update

from app.models import handoff_moves, handoffs, partners
from app.store.recordset import among

HandoffRow = Row[tuple[Any, ...]]

_SHOWN = select(handoffs, partners.c.name.label("partner_name")).join_from(
    handoffs,
    partners,
    (partners.c.program == handoffs.c.program) & (partners.c.id == handoffs.c.partner),
    isouter=True,
)
_URGENCY = (handoffs.c.grade_rank, handoffs.c.score.desc(), handoffs.c.opened_at, handoffs.c.id)


def add(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store newly opened hand-offs; crossings are rare, so are rows."""
    connection.execute(insert(handoffs), list(rows))


def add_moves(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append to the histories; `n` counts from 1 within a hand-off."""
    connection.execute(insert(handoff_moves), list(rows))


def get(connection: Connection, program: str, handoff: str) -> HandoffRow | None:
    """One hand-off."""
    return connection.execute(
        _SHOWN.where(handoffs.c.program == program, handoffs.c.id == handoff)
    ).one_or_none()


def open_of_partners(connection: Connection, program: str, ids: Collection[str]) -> list[HandoffRow]:
    """The hand-offs of these partners that are not closed."""
    query = _SHOWN.where(
        handoffs.c.program == program,
        among(connection, handoffs.c.partner, ids),
        handoffs.c.state != "closed",
    )
    return list(connection.execute(query))


def history(connection: Connection, ids: Collection[str]) -> dict[str, list[HandoffRow]]:
    """The moves of each hand-off, oldest first."""
    query = (
        select(handoff_moves)
        .where(among(connection, handoff_moves.c.handoff, ids))
        .order_by(handoff_moves.c.handoff, handoff_moves.c.n)
    )
    found: dict[str, list[HandoffRow]] = {}
    for row in connection.execute(query):
        found.setdefault(row.handoff, []).append(row)
    return found


def change(connection: Connection, handoff: str, values: Mapping[str, Any]) -> None:
    """Write columns of one hand-off."""
    connection.execute(update(handoffs).where(handoffs.c.id == handoff).values(**values))


def page(
    connection: Connection,
    program: str,
    *,
    equals: Mapping[str, str],
    due_before: datetime | None,
    after: tuple[int, float, datetime, str] | None,
    limit: int,
) -> list[HandoffRow]:
    """Hand-offs by urgency: grade, then score, then age."""
    query = _SHOWN.where(handoffs.c.program == program, *(handoffs.c[k] == v for k, v in equals.items()))
    if due_before is not None:
        query = query.where(handoffs.c.due_at < due_before)
    if after is not None:
        query = query.where(_less_urgent_than(*after))
    return list(connection.execute(query.order_by(*_URGENCY).limit(limit)))


def _less_urgent_than(grade_rank: int, score: float, opened_at: datetime, id_: str) -> Any:
    rest: Any = false()
    ties: Any = true()
    for column, value, falling in (
        (handoffs.c.grade_rank, grade_rank, False),
        (handoffs.c.score, score, True),
        (handoffs.c.opened_at, opened_at, False),
        (handoffs.c.id, id_, False),
    ):
        rest = or_(rest, and_(ties, column < value if falling else column > value))
        ties = and_(ties, column == value)
    return rest


def closed_of_partners(connection: Connection, program: str, ids: Collection[str]) -> list[HandoffRow]:
    """The closed hand-offs of these partners, oldest first."""
    query = select(handoffs).where(
        handoffs.c.program == program,
        among(connection, handoffs.c.partner, ids),
        handoffs.c.state == "closed",
    )
    return list(connection.execute(query.order_by(handoffs.c.opened_at)))


def count_moves(connection: Connection, handoff: str) -> int:
    """How many moves a hand-off has seen."""
    return int(connection.scalar(select(func.count()).where(handoff_moves.c.handoff == handoff)) or 0)


def erase_person(
    connection: Connection, program: str, partners_: Collection[str], names: Collection[str]
) -> None:
    """Take an erased person out of what the hand-offs of these partners say."""
    query = select(handoffs.c.id, handoffs.c.trigger, handoffs.c.talking_points).where(
        handoffs.c.program == program, among(connection, handoffs.c.partner, partners_)
    )
    for row in connection.execute(query).all():
        kept = [point for point in row.talking_points if point["contact"] not in names]
        contact = None if row.trigger["contact"] in names else row.trigger["contact"]
        change(connection, row.id, {"talking_points": kept, "trigger": {**row.trigger, "contact": contact}})
