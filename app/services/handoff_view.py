"""A hand-off as people and programs see it, by GET and by webhook alike."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class PartnerName(BaseModel):
    """A partner, by id and name."""

    id: str
    name: str | None


class Line(BaseModel):
    """What one rule of the rubric did for a score."""

    rule: str = Field(description="The rule's id; `adjustment` and `floor` stand for those.")
    occurrences: int = Field(description="How often it happened.")
    counted: int = Field(description="How many of those counted, after caps.")
    points: float = Field(description="Points granted.")
    faded_points: float = Field(description="What they still weigh; all lines sum to the score.")
    first_day: str | None
    last_day: str | None


class Trigger(BaseModel):
    """The event that opened a hand-off."""

    event: str
    source: str
    type: str
    contact: str | None


class Move(BaseModel):
    """One change of a hand-off's state."""

    at: datetime
    by: str
    move: str
    state: str = Field(description="The state after the move.")
    reason: str | None = None
    details: dict[str, Any] | None = Field(
        None, description="What else it brought: `until`, `owner`, `outcome`, `value`, `note`, `partner`."
    )


class Handoff(BaseModel):
    """A call for a named human to make."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "ho_01JCV7K8Q2W5X3Y9Z0A1B2C3D4",
                "partner": {"id": "acme", "name": "Acme GmbH"},
                "state": "open",
                "owner": "rep@vendor.example",
                "claimed_by": None,
                "score": 27.0,
                "score_now": 26.4,
                "threshold": 25,
                "band": "hot",
                "grade": "A",
                "crossed_at": "2026-03-12T15:00:00Z",
                "opened_at": "2026-03-12T15:00:00Z",
                "due_at": "2026-03-13T15:00:00Z",
                "overdue_at": None,
                "snoozed_until": None,
                "closed_at": None,
                "rubric_version": 1,
                "trigger": {
                    "event": "evt-9",
                    "source": "zoom",
                    "type": "webinar.attended",
                    "contact": "jo@acme.example",
                },
                "lines": [
                    {
                        "rule": "webinar",
                        "occurrences": 1,
                        "counted": 1,
                        "points": 10,
                        "faded_points": 10,
                        "first_day": "2026-03-12",
                        "last_day": "2026-03-12",
                    }
                ],
                "talking_points": ['Jo attended the webinar "Storage in 2026" for 42 minutes on 12 March.'],
                "outcome": None,
                "reason": None,
                "value": None,
                "note": None,
                "external_id": None,
                "history": [
                    {
                        "at": "2026-03-12T15:00:00Z",
                        "by": "handraiser",
                        "move": "open",
                        "state": "open",
                        "reason": None,
                        "details": None,
                    }
                ],
            }
        }
    )

    id: str = Field(examples=["ho_01JCV7K8Q2W5X3Y9Z0A1B2C3D4"])
    partner: PartnerName
    state: Literal["waiting", "open", "claimed", "snoozed", "closed"]
    owner: str | None = Field(description="Whose call it is; anybody's if null.")
    claimed_by: str | None
    score: float = Field(description="When it was opened.")
    score_now: float | None = Field(description="As of today; null once it is closed.")
    threshold: float
    band: str | None
    grade: str | None
    crossed_at: datetime = Field(description="When the partner passed the threshold.")
    opened_at: datetime | None = Field(description="Null while it waits for a place at the desk.")
    due_at: datetime | None
    overdue_at: datetime | None = Field(description="When `due_at` passed without the call being closed.")
    snoozed_until: datetime | None
    closed_at: datetime | None
    rubric_version: int
    trigger: Trigger
    lines: list[Line]
    talking_points: list[str]
    outcome: str | None
    reason: str | None
    value: float | None
    note: str | None
    external_id: str | None = Field(None, description="Of a call that another system knows as this.")
    history: list[Move]


def handoff_view(row: Any, history: Sequence[Any], *, score_now: float) -> Handoff:
    """From a hand-off's row (with `partner_name`), its moves' rows and the partner's score as of today."""
    moves = [each._mapping for each in history]
    return Handoff.model_validate(handoff_document(row._mapping, moves, score_now=score_now))


def handoff_document(
    row: Mapping[str, Any], history: Sequence[Mapping[str, Any]], *, score_now: float
) -> dict[str, Any]:
    """The same before it is checked: all that a message needs, whose rows were written a moment ago."""
    shown = {
        "partner": {"id": row["partner"], "name": row["partner_name"]},
        "score_now": None if row["state"] == "closed" else score_now,
        "talking_points": [point["text"] for point in row["talking_points"]],
        "history": [{name: move[name] for name in Move.model_fields} for move in history],
    }
    return {name: shown[name] if name in shown else row.get(name) for name in Handoff.model_fields}
