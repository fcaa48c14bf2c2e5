"""Lists of partners: by band, grade, score, owner or name, in one of three orders."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from app import store
from app.errors import FieldError, Invalid
from app.scoring.fade import ROUNDING, stored_for
from app.services.partners import Partner, partner_views
from app.services.rulebook import Rulebook, rulebook
from app.services.settling import stored_range
from app.store.partner_lists import BY_LAST_EVENT, BY_NAME, BY_SCORE, Order

ORDERS: Mapping[str, Order] = {"-score": BY_SCORE, "name": BY_NAME, "-last_event_at": BY_LAST_EVENT}


@dataclass(frozen=True)
class Wanted:
    """Which partners to list, in which order."""

    band: str | None = None
    grade: str | None = None
    min_score: float | None = None
    owner: str | None = None
    text: str | None = None
    order: Order = BY_SCORE


def list_partners(
    connection: Connection,
    program: str,
    wanted: Wanted,
    *,
    after: tuple[Any, str] | None,
    limit: int,
    now: datetime,
) -> tuple[list[Partner], list[Any] | None]:
    """A page of partners, and where the next begins if there is one. Raises Invalid for an unknown band."""
    rules = rulebook(connection, program)
    low, high = _bounds(rules, wanted, today=rules.day_of(now))
    rows = store.partner_lists.page(
        connection,
        program,
        low=low,
        high=high,
        equals={name: value for name, value in (("grade", wanted.grade), ("owner", wanted.owner)) if value},
        text=wanted.text,
        order=wanted.order,
        after=after,
        limit=limit + 1,
    )
    shown = rows[:limit]
    following = [shown[-1].place, shown[-1].id] if len(rows) > limit else None
    return partner_views(connection, rules, shown, now=now), following


def _bounds(rules: Rulebook, wanted: Wanted, *, today: int) -> tuple[float | None, float | None]:
    """The stored scores, low <= stored < high, that the band and the least score come to today."""
    lows, high = [], None
    if wanted.band is not None:
        within = stored_range(rules, wanted.band, today=today)
        if within is None:
            message = f"must be one of: {', '.join(rules.rubric.bands) or '(the rubric has no bands)'}"
            raise Invalid(f"There is no band {wanted.band!r}.", errors=[FieldError("band", message)])
        lows, high = [within.low], within.high
    floor = rules.rubric.floor
    if wanted.min_score is not None and (floor is None or wanted.min_score > floor):
        bound = stored_for(rules.rubric, wanted.min_score - ROUNDING, landmark=rules.landmark, today=today)
        lows.append(bound)
    return max((low for low in lows if low is not None), default=None), high
