"""Queries on partners together with their standings, paged by keyset."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from app.models import partners, standings

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Order:
    """What a list is sorted by, and which way."""

    place: ColumnElement[Any]
    falling: bool


BY_SCORE = Order(standings.c.stored, falling=True)
BY_NAME = Order(func.lower(func.coalesce(partners.c.name, partners.c.id)), falling=False)
BY_LAST_EVENT = Order(func.coalesce(standings.c.last_event_at, _NEVER), falling=True)


def page(
    connection: Connection,
    program: str,
    *,
    low: float | None,
    high: float | None,
    equals: Mapping[str, str],
    text: str | None,
    order: Order,
    after: tuple[Any, str] | None,
    limit: int,
) -> Sequence[Any]:
    """Partners' rows, each with its `place` in the order, without those that are archived or merged."""
    query = (
        select(partners, order.place.label("place"))
        .join_from(
            partners,
            standings,
            and_(standings.c.program == partners.c.program, standings.c.partner == partners.c.id),
        )
        .where(
            partners.c.program == program,
            standings.c.program == program,
            partners.c.archived_at.is_(None),
            partners.c.merged_into.is_(None),
        )
    )
    if low is not None:
        query = query.where(standings.c.stored >= low)
    if high is not None:
        query = query.where(standings.c.stored < high)
    if "grade" in equals:
        query = query.where(standings.c.grade == equals["grade"])
    if "owner" in equals:
        query = query.where(partners.c.owner == equals["owner"])
    if text:
        query = query.where(
            or_(
                partners.c.name.icontains(text, autoescape=True),
                partners.c.id.icontains(text, autoescape=True),
            )
        )
    if after is not None:
        place, id_ = after
        beyond = order.place < place if order.falling else order.place > place
        query = query.where(or_(beyond, and_(order.place == place, partners.c.id > id_)))
    first = order.place.desc() if order.falling else order.place
    return connection.execute(query.order_by(first, partners.c.id).limit(limit)).all()
