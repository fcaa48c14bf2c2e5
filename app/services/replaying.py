"""Replays: what was held, is dead or was delivered is sent again, any number, some per transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from app import store
from app.errors import Conflict, NotFound
from app.services.announcing import new_id
from app.services.webhook_view import known
from app.store.replays import ReplayRow

AT_ONCE = 500
"""Deliveries looked at per transaction."""

Replayable = Literal["held", "dead", "delivered"]


class Replay(BaseModel):
    """A replay, and how far it has come."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "n": 1,
                "webhook": "wh_01JCV7K8Q2W5X3Y9Z0A1B2C3D4",
                "status": "held",
                "types": None,
                "since": "2026-03-12T15:00:00Z",
                "until": "2026-03-14T09:00:00Z",
                "state": "done",
                "replayed": 1204,
                "created_at": "2026-03-14T09:00:00Z",
                "finished_at": "2026-03-14T09:00:03Z",
            }
        }
    )

    n: int
    webhook: str
    status: Replayable = Field(description="Of the deliveries that are sent again.")
    types: list[str] | None = Field(description="Null: all.")
    since: datetime | None
    until: datetime
    state: Literal["running", "done", "stopped"] = Field(
        description="Stopped: the webhook was disabled, and what was not sent is held again."
    )
    replayed: int = Field(description="Deliveries owed again so far.")
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True)
class Range:
    """What to send again: deliveries of a status, created in a time, both ends included."""

    status: Replayable
    since: datetime | None = None
    until: datetime | None = None
    types: Sequence[str] | None = None


def start(connection: Connection, program: str, webhook: str, wanted: Range, *, now: datetime) -> Replay:
    """Begin a replay and do its first part. Raises NotFound; Conflict for a webhook that is disabled."""
    if not known(connection, program, webhook, lock=True).enabled:
        raise Conflict("The webhook is disabled. Enable it first.")
    n = store.replays.add(
        connection,
        webhook,
        state=wanted.status,
        types=None if wanted.types is None else sorted(set(wanted.types)),
        since=wanted.since,
        until=min(wanted.until or now, now),
        created_at=now,
    )
    go_on(connection, webhook, n, now=now)
    return get_replay(connection, program, webhook, n)


def get_replay(connection: Connection, program: str, webhook: str, n: int) -> Replay:
    """One replay. Raises NotFound."""
    known(connection, program, webhook)
    row = store.replays.get(connection, webhook, n)
    if row is None:
        raise NotFound(f"There is no replay {n} of this webhook.")
    return _shown(row)


def go_on(connection: Connection, webhook: str, n: int, *, now: datetime) -> bool:
    """Do the next part of a replay; whether there is more to do that nobody else is doing."""
    replay = store.replays.get(connection, webhook, n, lock=True)
    if replay is None or replay.finished_at is not None:
        return False
    rows = store.replays.following(connection, replay, limit=AT_ONCE)
    ids = [row.id for row in rows if replay.types is None or row.type in replay.types]
    if ids and replay.state == "delivered":
        store.deliveries.repeat(connection, [(id_, new_id()) for id_ in ids], now=now)
    elif ids:
        store.deliveries.owe_again(connection, ids, now=now)
    moved: dict[str, Any] = {"replayed": replay.replayed + len(ids)}
    if rows:
        moved |= {"reached_at": rows[-1].created_at, "reached_id": rows[-1].id}
    if len(rows) < AT_ONCE:
        moved |= {"finished_at": now}
    store.replays.move(connection, webhook, n, **moved)
    return len(rows) == AT_ONCE


def _shown(row: ReplayRow) -> Replay:
    ended = "stopped" if row.stopped else "done"
    values = dict(row._mapping)
    state = {"status": values.pop("state"), "state": ended if row.finished_at else "running"}
    return Replay.model_validate(values | state)
