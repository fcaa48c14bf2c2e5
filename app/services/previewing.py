"""Previews: what a version would change for every partner, as of a day, before it is made active."""

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from app import store
from app.errors import FieldError, Invalid, NotFound
from app.scoring.days import date_of, day_number
from app.services.comparing import Found
from app.services.rulebook import compiled_rubric, hold_rulebook, rulebook
from app.services.signal_counting import missing_signals, progress
from app.store.previews import Item, Key


class Preview(BaseModel):
    """What a version would change; all but the first fields are there once it is done."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "example": {
                "status": "done",
                "rubric_version": 2,
                "active_version": 1,
                "as_of": "2026-03-12",
                "started_at": "2026-03-12T15:00:00Z",
                "finished_at": "2026-03-12T15:00:01Z",
                "partners": 20000,
                "bands": [{"band": "hot", "before": 410, "after": 655}],
                "grades": [{"grade": "A", "before": 2000, "after": 2000}],
                "histogram": [{"from": 0, "to": 5, "before": 9000, "after": 8100}],
                "entering": {
                    "count": 261,
                    "items": [{"partner": "acme", "name": "Acme GmbH", "before": 8.0, "after": 26.5}],
                },
                "leaving": {"count": 0, "items": []},
                "movers": [],
                "outcomes": {"outcomes": [], "precision": {"before": None, "after": None}},
                "counted_from": None,
            }
        },
    )

    status: str = Field(description="running or done")
    rubric_version: int
    active_version: int | None
    as_of: date
    started_at: datetime
    finished_at: datetime | None
    progress: float | None = Field(None, description="While it runs: how much is counted, 0 to 1.")


class PreviewItem(BaseModel):
    """A partner that would pass the hand-off threshold."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"partner": "acme", "name": "Acme GmbH", "before": 8.0, "after": 26.5}}
    )

    partner: str
    name: str | None
    before: float
    after: float


def start_preview(
    connection: Connection, program: str, version: int, *, as_of: date | None, now: datetime
) -> Key:
    """Begin (anew) the preview of a version as of a day (today if None). Raises NotFound and Invalid."""
    rules = hold_rulebook(connection, program)
    compiled_rubric(connection, program, version)
    today = rules.day_of(now)
    key = Key(program, version, day_number(as_of) if as_of else today)
    if key.as_of > today:
        raise Invalid("The day is not over.", errors=[FieldError("as_of", "must not be after today")])
    store.previews.start(connection, key, now=now)
    return key


def get_preview(connection: Connection, program: str, version: int, *, as_of: date | None = None) -> Preview:
    """The preview as of a day, or the one begun last. Raises NotFound."""
    row = _row(connection, program, version, as_of)
    base = {"rubric_version": version, "as_of": date_of(row.as_of), "started_at": row.started_at}
    if row.state == "done":
        return Preview(status="done", finished_at=row.finished_at, **base, **row.result)
    missing = missing_signals(connection, program, version)
    return Preview(
        status="running",
        active_version=rulebook(connection, program).version,
        finished_at=None,
        progress=progress(connection, program, missing.values()),
        **base,
    )


def list_passing(
    connection: Connection,
    program: str,
    version: int,
    side: str,
    *,
    as_of: date | None,
    after: tuple[float, str] | None,
    limit: int,
) -> list[Item]:
    """Who would pass the threshold, `entering` or `leaving` the queue, best first. Raises NotFound."""
    row = _row(connection, program, version, as_of)
    return store.previews.page(connection, Key(program, version, row.as_of), side, after=after, limit=limit)


def save_preview(connection: Connection, key: Key, found: Found, *, now: datetime) -> None:
    """Keep what `compare` found with the version."""
    store.previews.finish(connection, key, found.result, found.items, now=now)


def _row(connection: Connection, program: str, version: int, as_of: date | None) -> Any:
    if as_of is None:
        row = store.previews.latest(connection, program, version)
    else:
        row = store.previews.get(connection, Key(program, version, day_number(as_of)))
    if row is None:
        raise NotFound(f"There is no preview of version {version}; POST to this path to make one.")
    return row
