"""What a merge of partners does to their hand-offs: there is one of them left."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from app import store
from app.errors import Conflict
from app.services.handoffs import withdraw
from app.services.moves import MERGE, SERVICE, Move, line
from app.services.publishing import publish
from app.services.rescoring import hold_standings
from app.services.rulebook import Rulebook

# Of two, the one that people have gone further with is kept.
_PROGRESS = ("waiting", "open", "snoozed", "claimed")


def take_along(connection: Connection, rules: Rulebook, partner: str, into: str, *, now: datetime) -> None:
    """Let an unfinished hand-off of `partner` be that of `into`; of two, the other is withdrawn.

    Raises Conflict if both are claimed.
    """
    unfinished = store.handoffs.open_of_partners(connection, rules.program, [partner, into])
    moving, staying = (
        next((row for row in unfinished if row.partner == each), None) for each in (partner, into)
    )
    if moving is None:
        return
    if staying is not None:
        extra = _extra(moving, staying)
        reason = f"{partner} was merged into {into}, which has another"
        withdraw(connection, rules, extra, reason=reason, now=now)
        if extra is moving:
            return
    _hand_over(connection, rules, moving, into, now=now)


def _extra(moving: Any, staying: Any) -> Any:
    if moving.state == staying.state == "claimed":
        raise Conflict(
            f"{moving.partner!r} and {staying.partner!r} both have a claimed hand-off; close one first."
        )
    further = _PROGRESS.index(moving.state) > _PROGRESS.index(staying.state)
    return staying if further else moving


def _hand_over(connection: Connection, rules: Rulebook, moving: Any, into: str, *, now: datetime) -> None:
    partner = moving.partner
    held = hold_standings(connection, rules, [partner, into])
    store.handoffs.change(connection, moving.id, {"partner": into})
    move = Move(MERGE, SERVICE, f"{partner} was merged into {into}", details={"partner": into})
    told = line(connection, moving.id, move, state=moving.state, now=now)
    store.handoffs.add_moves(connection, rules.program, [told])
    # Un-merged, the partner can raise its hand again.
    moved = [
        held[partner]._replace(open_handoff=None, armed=True),
        held[into]._replace(open_handoff=moving.id, armed=False, rearm_on=None),
    ]
    publish(connection, rules, held, moved, now=now)
