"""Working hours: when people are there to call, and when so many of those hours have passed."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from app.documents.parts import Lenient, Part, wrong
from app.scoring.fields import Clock

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

_WEEK: tuple[Weekday, ...] = get_args(Weekday)
_WEEKS_A_YEAR = 52


def _in_order(days: tuple[Weekday, ...]) -> tuple[Weekday, ...]:
    if len(set(days)) < len(days):
        raise wrong("must not have the same day twice")
    return tuple(sorted(days, key=_WEEK.index))


class WorkingHours(Part):
    """The hours of the week, in the rubric's time zone, in which people are there to call."""

    days: Annotated[tuple[Weekday, ...], Lenient, AfterValidator(_in_order)] = Field(
        _WEEK[:5],
        min_length=1,
        max_length=7,
        description="The days of the week; Monday to Friday unless given.",
    )
    from_: Clock = Field(alias="from", description="When work begins, such as 09:00.")
    to: Clock = Field(description="When work ends on the same day, such as 17:00; at most 24:00.")

    @field_validator("to")
    @classmethod
    def _later(cls, to: str, others: ValidationInfo) -> str:
        start = others.data.get("from_")
        if start is not None and to <= start:
            raise wrong(f"must be later than from, which is {start}")
        return to

    @property
    def hours_a_year(self) -> float:
        """How many hours 52 of these weeks have."""
        a_day = _since_midnight(self.to) - _since_midnight(self.from_)
        return round(_WEEKS_A_YEAR * len(self.days) * a_day / timedelta(hours=1), 2)


def due_at(start: datetime, hours: float, *, working: WorkingHours | None, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which so many hours have passed since `start`: working hours, if there are any.

    What passes is real time, also where the clocks are changed. Takes a step for every day in between;
    a rubric asks for no more than `hours_a_year`.
    """
    left = timedelta(hours=hours)
    if working is None:
        return (start + left).astimezone(UTC)
    day = start.astimezone(zone).date()
    while True:
        if _WEEK[day.weekday()] in working.days:
            begin = max(_instant(day, working.from_, zone=zone), start)
            rest = _instant(day, working.to, zone=zone) - begin
            if left <= rest:
                return (begin + left).astimezone(UTC)
            left -= max(rest, timedelta())
        day += timedelta(days=1)


def _instant(day: date, clock: str, *, zone: ZoneInfo) -> datetime:
    """When the clocks show it: the first time of two; what is skipped, as much later (RFC 5545, 3.3.5)."""
    local = datetime.combine(day, time()) + _since_midnight(clock)
    return local.replace(tzinfo=zone).astimezone(UTC)


def _since_midnight(clock: str) -> timedelta:
    hours, minutes = clock.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))
