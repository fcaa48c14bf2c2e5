"""Following the queue: each move of each hand-off, in the order in which they were committed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from app import store
from app.errors import NotFound
from app.services import moves
from app.services.handoff_view import Handoff, Move, handoff_view
from app.services.rulebook import rulebook

# Of these no webhook is told.
_UNTOLD = {
    moves.WAIT.name: "handoff.waitlisted",
    moves.NOTE.name: "handoff.noted",
    moves.MERGE.name: "handoff.merged",
    "import": "handoff.imported",
}
EVENT_TYPES: dict[str, str] = _UNTOLD | {
    kind.name: kind.message for kind in moves.KINDS if kind.message is not None
}
"""By the name of a move, the type of the event that tells of it: that of the message, where there is one."""


class MovedHandoff(Handoff):
    """A hand-off as it is now, and the line of its history that is told."""

    model_config = ConfigDict(json_schema_extra={})

    move: Move


class QueueEvent(BaseModel):
    """A move of a hand-off, with the shape of a webhook's body."""

    type: str = Field(examples=["handoff.claimed"])
    timestamp: datetime = Field(description="When the move was made.")
    data: MovedHandoff


@dataclass(frozen=True)
class PlacedEvent:
    """An event of the queue at its position among all changes to it."""

    position: int
    owner: str | None
    event: QueueEvent


def latest_position(connection: Connection, program: str) -> int:
    """Where the queue stands now: later moves have higher positions. Raises NotFound."""
    position = store.handoff_moves.latest_position(connection, program)
    if position is None:
        raise NotFound(f"There is no program {program!r}.")
    return position


def recent_position(connection: Connection, program: str, limit: int) -> int:
    """The position that so many events, or all that there are, follow."""
    return store.handoff_moves.position_before_latest(connection, program, limit)


def events_after(
    connection: Connection, program: str, position: int, *, limit: int, now: datetime
) -> list[PlacedEvent]:
    """Up to `limit` events that follow a position, in order; one read if there are none.

    As moves of a program take their positions in the order of their commits, whoever goes on from the last
    one misses none.
    """
    rows = store.handoff_moves.after(connection, program, position, limit)
    views = _views(connection, program, {row.handoff for row in rows}, now=now) if rows else {}
    return [_placed(row, views[row.handoff]) for row in rows]


def _views(connection: Connection, program: str, ids: set[str], *, now: datetime) -> dict[str, Handoff]:
    rules = rulebook(connection, program)
    histories = store.handoffs.history(connection, ids)
    return {
        row.id: handoff_view(row, histories[row.id], score_now=rules.score_now(row.stored, now=now))
        for row in store.handoff_moves.handoffs_of(connection, program, ids)
    }


def _placed(row: Any, view: Handoff) -> PlacedEvent:
    line = Move.model_validate(row, from_attributes=True)
    event = QueueEvent.model_construct(
        type=EVENT_TYPES[row.move],
        timestamp=row.at,
        data=MovedHandoff.model_construct(**dict(view), move=line),
    )
    return PlacedEvent(row.position, view.owner, event)
