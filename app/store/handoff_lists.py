"""The lists of hand-offs: unfinished ones by urgency, closed ones by age, a page at a time."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, false, or_, true, tuple_

from app.models import handoffs, standings
from app.store.handoffs import SHOWN, UNFINISHED, URGENCY, HandoffRow


class OpenPlace(NamedTuple):
    """Where a row that is not closed stands in the queue."""

    grade_rank: int
    stored: float
    crossed_at: datetime
    id: str


class ClosedPlace(NamedTuple):
    """Where a closed row stands in a list."""

    closed_at: datetime
    id: str


def narrowed(
    program: str, equals: Mapping[str, str], *, due_before: datetime | None
) -> list[ColumnElement[bool]]:
    """The conditions of a list: columns and the value each must have."""
    where = [handoffs.c.program == program, *(handoffs.c[name] == value for name, value in equals.items())]
    return where if due_before is None else [*where, handoffs.c.due_at < due_before]


def unfinished(
    connection: Connection,
    where: Sequence[ColumnElement[bool]],
    *,
    state: str | None,
    after: OpenPlace | None,
    limit: int,
) -> Sequence[HandoffRow]:
    """Hand-offs that are not closed, by urgency."""
    query = SHOWN.where(*where, UNFINISHED)
    if state is not None:
        query = query.where(handoffs.c.state == state)
    if after is not None:
        query = query.where(_less_urgent_than(after))
    return connection.execute(query.order_by(*URGENCY).limit(limit)).all()


def _less_urgent_than(place: OpenPlace) -> ColumnElement[bool]:
    rest: ColumnElement[bool] = false()
    ties: ColumnElement[bool] = true()
    for column, value, falling in (
        (handoffs.c.grade_rank, place.grade_rank, False),
        (standings.c.stored, place.stored, True),
        (handoffs.c.crossed_at, place.crossed_at, False),
        (handoffs.c.id, place.id, False),
    ):
        rest = or_(rest, and_(ties, column < value if falling else column > value))
        ties = and_(ties, column == value)
    return rest


def closed(
    connection: Connection,
    where: Sequence[ColumnElement[bool]],
    *,
    after: ClosedPlace | None,
    limit: int,
) -> Sequence[HandoffRow]:
    """Closed hand-offs, the latest closed first."""
    query = SHOWN.where(*where, handoffs.c.state == "closed")
    if after is not None:
        query = query.where(tuple_(handoffs.c.closed_at, handoffs.c.id) < after)
    return connection.execute(
        query.order_by(handoffs.c.closed_at.desc(), handoffs.c.id.desc()).limit(limit)
    ).all()
