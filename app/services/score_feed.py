"""The feed of scores that have changed."""

from datetime import datetime
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection

from app import store
from app.services.rulebook import known_rulebook


class ChangedScore(BaseModel):
    """A partner in the change feed, as it stands now."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "partner": "acme",
                "score": 22.187719,
                "band": "warm",
                "grade": "B",
                "fit": 10,
                "armed": True,
                "open_handoff": None,
                "last_event_at": "2026-03-12T15:00:00Z",
            }
        }
    )

    partner: str
    score: float
    band: str | None
    grade: str | None
    fit: float
    armed: bool
    open_handoff: str | None
    last_event_at: datetime | None


class FeedPlace(NamedTuple):
    """A position in the feed, and how many are wanted after it."""

    after: int
    limit: int


def changed_scores(
    connection: Connection, program: str, *, after: int, limit: int, now: datetime
) -> tuple[list[ChangedScore], int]:
    """The next partners that changed after a position, in commit order, and the position to go on from."""
    rules = known_rulebook(connection, program)
    standings = store.standings.changed_since(connection, program, after, limit)
    scores = rules.scores_now([each.stored for each in standings], now=now)
    changed = [
        ChangedScore(
            partner=each.partner,
            score=score,
            band=each.band,
            grade=each.grade,
            fit=each.fit,
            armed=each.armed,
            open_handoff=each.open_handoff,
            last_event_at=each.last_event_at,
        )
        for each, score in zip(standings, scores, strict=True)
    ]
    return changed, standings[-1].position if standings else after
