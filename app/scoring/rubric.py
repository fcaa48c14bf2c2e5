"""The rubric: what events are worth, how points fade, when a human should call. The models are the schema."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self, cast
from zoneinfo import ZoneInfo

from pydantic import Discriminator, Field, Tag, ValidationInfo, field_validator, model_validator

from app.documents.parts import EventType, Lenient, Name, Part, TimeZone, Title, tidy, wrong
from app.scoring.check import faults
from app.scoring.days import Per
from app.scoring.fields import Above, Days, Points, RuleId
from app.scoring.hours import WorkingHours
from app.scoring.where import Where, Who

Outcome = Literal["default", "converted", "accepted", "rejected", "unreachable", "withdrawn"]
Assign = Literal["round_robin", "least_loaded", "none"]


class TimesCap(Part):
    """So often at most: the earliest occurrences of each period count."""

    times: int = Field(ge=1, le=1_000_000, description="How many occurrences count in each period.")
    per: Per = Field(description="The calendar period; weeks are ISO weeks.")


class PointsCap(Part):
    """So many points at most: the earliest points of each period are granted."""

    points: Above = Field(description="How many positive points are granted in each period.")
    per: Per = Field(description="The calendar period; weeks are ISO weeks.")


class Rule(Part):
    """On this event, where these properties hold, so many points."""

    id: RuleId = Field(description="Names the rule in explanations; unique in the rubric.")
    on: EventType = Field(description="The event type, such as email.opened.")
    points: Points = Field(description="Positive or negative, with at most 3 decimals.")
    where: Where = {}
    who: Who | None = Field(None, description="Only events of these contacts.")
    at_most: TimesCap | None = Field(None, description="Only so many occurrences count.")
    group: Name | None = Field(None, description="A group of `groups`, whose cap this rule shares.")


class Group(Part):
    """Rules that share one cap."""

    at_most: PointsCap = Field(description="What the rules of the group may earn together.")


class HalfLife(Part):
    """Points lose half of their weight every so many days."""

    half_life_days: float = Field(ge=1, le=3650, description="Days until points weigh half as much.")


class Window(Part):
    """Points count in full for so many days, then not at all."""

    window_days: Days = Field(description="Days for which points count.")


def _kind_of_fade(value: object) -> str | None:
    names = value if isinstance(value, Mapping) else getattr(type(value), "model_fields", {})
    kinds = [name for name in ("half_life_days", "window_days") if name in names]
    return f"~{kinds[0]}" if len(kinds) == 1 else None


Fade = Annotated[
    Annotated[HalfLife, Tag("~half_life_days")] | Annotated[Window, Tag("~window_days")],
    Discriminator(
        _kind_of_fade,
        custom_error_type="plain",
        custom_error_message="must be {half_life_days: N} or {window_days: N}, or be left out",
    ),
]


class FitRule(Part):
    """Points for what is known about the partner itself."""

    id: RuleId = Field(description="Names the rule; unique in `fit`.")
    where: Annotated[Where, Field(min_length=1)]
    points: Points = Field(description="Positive or negative, with at most 3 decimals.")


class FitRules(Part):
    """How well a partner fits, from its attributes; never part of the score."""

    rules: Annotated[tuple[FitRule, ...], Lenient] = Field(
        (), max_length=200, description="Each rule that matches adds its points."
    )
    grades: dict[Name, Points] = Field(
        {}, max_length=50, description="Each grade and the fit points from which it is earned."
    )


class Gates(Part):
    """What else must hold for a hand-off; every gate that is given."""

    min_grade: Name | None = Field(None, description="This grade of `fit.grades` or a better one.")
    min_contacts: int = Field(0, ge=0, le=10_000, description="Distinct contacts with a recent human event.")
    contacts_within_days: Days = Field(30, description="How recent those contacts' events must be.")
    require_any: Annotated[tuple[EventType, ...], Lenient] = Field(
        (), max_length=100, description="Event types of which at least one must have happened recently."
    )
    within_days: Days = Field(30, description="How recent an event of `require_any` must be.")


class Handoff(Part):
    """When a partner's score becomes a call for a human to make."""

    at: Above = Field(description="The score from which a hand-off is opened.")
    rearm_below: Points = Field(
        default_factory=lambda given: cast("float", given.get("at", 0.0)),
        description="A score under which the partner can cross again; `at` unless given.",
    )
    rearm_after_days: dict[Outcome, Annotated[int, Field(ge=0, le=3650)]] = Field(
        {"default": 30}, description="Days after which the partner can cross again, by outcome."
    )
    gates: Gates = Field(Gates(), description="What else must hold.")
    hours: WorkingHours | None = Field(
        None, description="The working hours in which `due_hours` run; around the clock unless given."
    )
    due_hours: float = Field(
        24, gt=0, le=8760, validate_default=True, description="Hours until the call is due."
    )
    max_event_age_days: Days = Field(7, description="An older event adds its points but opens no hand-off.")
    per_week: int | None = Field(
        None,
        ge=1,
        le=100_000,
        description="How many hand-offs are opened in an ISO week; the best, while the rest wait.",
    )
    # A rubric that was stored before there was a choice must remain the same document.
    assign: Assign = Field(
        "none",
        exclude_if=lambda assign: assign == "none",
        description="Who gets the hand-off of a partner without an owner: the next in turn, whoever has the "
        "fewest, or nobody.",
    )
    max_claimed: int | None = Field(
        None, ge=1, le=1000, description="How many hand-offs one person may hold claimed at once."
    )
    release_after_hours: float | None = Field(
        None,
        gt=0,
        le=8760,
        description="Hours, around the clock, after which a claim that nobody touched returns to the queue.",
    )

    @model_validator(mode="before")
    @classmethod
    def _add_default_days(cls, given: object) -> object:
        days = given.get("rearm_after_days") if isinstance(given, Mapping) else None
        if not isinstance(given, Mapping) or not isinstance(days, Mapping):
            return given
        return {**given, "rearm_after_days": {"default": 30, **days}}

    @field_validator("due_hours")
    @classmethod
    def _within_a_year(cls, due: float, others: ValidationInfo) -> float:
        hours = others.data.get("hours")
        if hours is not None and due > hours.hours_a_year:
            raise wrong(
                f"must be at most {hours.hours_a_year:,.15g}, the hours in a year of these working hours"
            )
        return due


class Rubric(Part):
    """A versioned document: what events are worth, and when a human should call."""

    name: Title = Field(description="What people call the rubric.")
    time_zone: TimeZone = Field("UTC", description="The IANA time zone in which days begin and end.")
    rules: Annotated[tuple[Rule, ...], Lenient] = Field(
        min_length=1, max_length=200, description="Each rule that matches adds its points."
    )
    groups: dict[Name, Group] = Field({}, max_length=200, description="Groups of rules that share one cap.")
    fade: Fade | None = Field(None, description="How points lose weight with age; not at all unless given.")
    floor: Points | None = Field(None, description="The score never shows less than this.")
    fit: FitRules = Field(FitRules(), description="Points and grades from the partner's attributes.")
    bands: dict[Name, Points] = Field(
        {}, max_length=50, description="Named ranges of scores, each with the score from which it begins."
    )
    handoff: Handoff | None = Field(None, description="When to open a hand-off; never unless given.")

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        found = faults(self.document())
        if found:
            raise wrong("; ".join(f"{fault.path}: {fault.message}" for fault in found))
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which days begin and end."""
        return ZoneInfo(self.time_zone)

    def document(self) -> dict[str, object]:
        """The whole rubric as JSON-able data, with its defaults spelt out; reads back as an equal rubric."""
        return cast("dict[str, object]", tidy(self.model_dump(by_alias=True, exclude_none=True)))
