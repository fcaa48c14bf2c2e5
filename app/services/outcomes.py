"""What came of hand-offs: per rule that had a part in them, per band they were opened in, and in all."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from app import store
from app.scoring.explain import FLOOR
from app.scoring.outcomes import OUTCOMES, WITHDRAWN, Endings
from app.services.periods import period
from app.services.rulebook import rulebook

_EXAMPLE: dict[str, Any] = {
    "handed_off": 42,
    "converted": 9,
    "accepted": 14,
    "rejected": 8,
    "unreachable": 7,
    "withdrawn": 4,
    "value": 118000.0,
    "conversion_rate": 0.2368,
}


class Ended(BaseModel):
    """How so many hand-offs ended."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    handed_off: int = Field(description="All that were closed in the period.")
    converted: int
    accepted: int
    rejected: int
    unreachable: int
    withdrawn: int = Field(description="By the service: nobody was to be called after all.")
    value: float = Field(description="The sum of what the converted ones are worth.")
    conversion_rate: float | None = Field(
        description="Converted among all that were not withdrawn, 0 to 1; null if there were none."
    )


class _OfRule(BaseModel):
    rule: str = Field(description="The rule's id; `adjustment` for points that a person gave.")


class _InBand(BaseModel):
    band: str | None = Field(description="Null for one below all bands, and for calls that were imported.")


# The last of several bases comes first in JSON.
class RuleOutcomes(Ended, _OfRule):
    """How the hand-offs ended to whose score a rule added points."""


class BandOutcomes(Ended, _InBand):
    """How the hand-offs ended that were opened in a band."""


class Outcomes(BaseModel):
    """How the hand-offs ended that were closed in a period."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "from": "2026-01-01",
                "to": "2026-03-31",
                "total": _EXAMPLE,
                "rules": [{"rule": "webinar", **_EXAMPLE}],
                "bands": [{"band": "hot", **_EXAMPLE}],
            }
        }
    )

    first: date = Field(serialization_alias="from")
    last: date = Field(serialization_alias="to")
    total: Ended
    rules: list[RuleOutcomes] = Field(description="Most hand-offs first; a hand-off counts for every rule.")
    bands: list[BandOutcomes] = Field(description="Most hand-offs first.")


def outcomes(
    connection: Connection, program: str, *, first: date | None, last: date | None, now: datetime
) -> Outcomes:
    """How the hand-offs ended that were closed in the period, read in pages. Raises Invalid."""
    days = period(rulebook(connection, program), first, last, now=now)
    total = Endings()
    rules: defaultdict[str, Endings] = defaultdict(Endings)
    bands: defaultdict[str | None, Endings] = defaultdict(Endings)
    for row in store.insights.closed(connection, program, start=days.start, end=days.end):
        involved = {each["rule"] for each in row.lines if each["faded_points"] > 0} - {FLOOR}
        for endings in (total, bands[row.band], *(rules[rule] for rule in involved)):
            endings.add(row.outcome, row.value)
    return Outcomes(
        first=days.first,
        last=days.last,
        total=Ended(**_columns(total)),
        rules=[RuleOutcomes(rule=rule, **_columns(rules[rule])) for rule in _most_first(rules)],
        bands=[BandOutcomes(band=band, **_columns(bands[band])) for band in _most_first(bands)],
    )


def _most_first(found: Mapping[Any, Endings]) -> list[Any]:
    return sorted(found, key=lambda each: (-found[each].outcomes.total(), each is None, each or ""))


def _columns(endings: Endings) -> dict[str, Any]:
    return {
        "handed_off": endings.outcomes.total(),
        **{outcome: endings.outcomes[outcome] for outcome in (*OUTCOMES, WITHDRAWN)},
        "value": float(endings.total),
        "conversion_rate": endings.conversion_rate,
    }
