"""A funnel as people see it: counts, rates and ages at each step, whole and by segment."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.scoring.funnel import Cells, Funnel, Step, percentile

StepName = Literal["first_event", "band", "crossed", "opened", "claimed", "closed"]
OutcomeName = Literal["converted", "accepted", "rejected", "unreachable"]

AT_DESK: tuple[StepName, ...] = ("crossed", "opened", "claimed", "closed")

_STEP: dict[str, Any] = {
    "step": "band",
    "band": "warm",
    "count": 60,
    "rate": 0.5,
    "rate_of_first": 0.5,
    "since_previous": {"median": 6.25, "p90": 31.4},
    "since_first_event": {"median": 6.25, "p90": 31.4},
}
_OUTCOME: dict[str, Any] = {
    "outcome": "converted",
    "count": 6,
    "rate": 0.3333,
    "rate_of_first": 0.05,
    "since_previous": {"median": 0.0, "p90": 14.02},
    "since_first_event": {"median": 20.5, "p90": 44.0},
}


class Age(BaseModel):
    """How long it took, in days to two decimals, of everybody who got this far (nearest rank)."""

    median: float
    p90: float


class _Reached(BaseModel):
    count: int = Field(description="Partners that got this far; each counts once.")
    rate: float | None = Field(description="Of those at the step before, 0 to 1; null if there were none.")
    rate_of_first: float | None = Field(description="Of all, 0 to 1; null if there are none.")
    since_previous: Age | None = Field(description="From the step before; null if nobody got this far.")
    since_first_event: Age | None


class _AtStep(BaseModel):
    step: StepName
    band: str | None = Field(description="For the step `band`: that band, or a higher one.")


class _WithOutcome(BaseModel):
    outcome: OutcomeName


# The last of several bases comes first in JSON.
class FunnelStep(_Reached, _AtStep):
    """A step on the way from the first event to the end of a call."""

    model_config = ConfigDict(json_schema_extra={"example": _STEP})


class FunnelOutcome(_Reached, _WithOutcome):
    """What came of it; the step before is `closed`."""

    model_config = ConfigDict(json_schema_extra={"example": _OUTCOME})


class Segment(BaseModel):
    """The partners with one value at the path of `by`."""

    value: Any = Field(description="As in the partners' attributes; null where there is none.")
    steps: list[FunnelStep]
    outcomes: list[FunnelOutcome]


class Others(BaseModel):
    """The partners of all segments that are not shown."""

    segments: int = Field(description="How many segments these are.")
    steps: list[FunnelStep]
    outcomes: list[FunnelOutcome]


class FunnelView(BaseModel):
    """How far the partners got whose first human event was in a period."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "from": "2026-01-01",
                "to": "2026-03-31",
                "by": "region",
                "steps": [_STEP],
                "outcomes": [_OUTCOME],
                "segments": [{"value": "EMEA", "steps": [_STEP], "outcomes": [_OUTCOME]}],
                "other": None,
            }
        }
    )

    first: date = Field(serialization_alias="from")
    last: date = Field(serialization_alias="to")
    by: str | None
    steps: list[FunnelStep]
    outcomes: list[FunnelOutcome] = Field(description="A partner may have had several, one after the other.")
    segments: list[Segment] | None = Field(description="The largest first, at most 50; null without `by`.")
    other: Others | None = Field(description="All that are not among the 50, together.")


def steps_of(funnel: Funnel, bands: Sequence[str]) -> dict[str, Any]:
    """The steps and outcomes of a funnel whose steps are the first event, `bands`, and those at the desk."""
    names: list[tuple[StepName, str | None]] = [
        ("first_event", None),
        *(("band", band) for band in bands),
        *((step, None) for step in AT_DESK),
    ]
    first, last = funnel.steps[0], funnel.steps[-1]
    steps = [
        FunnelStep(step=step, band=band, **_reached(each, previous, first))
        for (step, band), each, previous in zip(names, funnel.steps, [first, *funnel.steps], strict=False)
    ]
    outcomes = [
        FunnelOutcome.model_validate({"outcome": outcome, **_reached(each, last, first)})
        for outcome, each in funnel.outcomes.items()
    ]
    return {"steps": steps, "outcomes": outcomes}


def _reached(step: Step, previous: Step, first: Step) -> dict[str, Any]:
    return {
        "count": step.count,
        "rate": _share(step.count, previous.count),
        "rate_of_first": _share(step.count, first.count),
        "since_previous": _age(step.since_previous),
        "since_first_event": _age(step.since_first),
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _age(cells: Cells) -> Age | None:
    return Age(median=percentile(cells, 50), p90=percentile(cells, 90)) if cells else None
