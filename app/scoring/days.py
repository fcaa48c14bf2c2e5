"""Days as whole numbers since 1970-01-01, and the calendar periods they belong to."""

from calendar import monthrange
from datetime import UTC, date, datetime, time
from typing import Literal, assert_never
from zoneinfo import ZoneInfo

import numpy as np

from app.scoring.arrays import Ints

Per = Literal["day", "week", "month", "quarter", "year", "ever"]

_EPOCH = date(1970, 1, 1).toordinal()
FIRST_DAY = date.min.toordinal() - _EPOCH
LAST_DAY = date.max.toordinal() - _EPOCH
_SINCE_MONDAY = 3  # 1970-01-01 was a Thursday


def day_of(instant: datetime, zone: ZoneInfo) -> int:
    """The day in `zone`; an instant that the zone would push off the calendar stays on its day in UTC."""
    try:
        local = instant.astimezone(zone)
    except OverflowError:
        local = instant.astimezone(UTC)
    return local.toordinal() - _EPOCH


def date_of(day: int) -> date:
    """The date of a day number."""
    return date.fromordinal(day + _EPOCH)


def day_number(day: date) -> int:
    """The day number of a date."""
    return day.toordinal() - _EPOCH


def week_start(instant: datetime, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which the ISO week of `instant` began in `zone`."""
    day = day_of(instant, zone)
    monday, _ = period_span(day, day, "week")
    return datetime.combine(date_of(monday), time(), zone).astimezone(UTC)


def period_of(days: Ints, per: Per) -> Ints:
    """A number for each day that equal periods share and later periods exceed; weeks are ISO weeks."""
    match per:
        case "day":
            return days
        case "week":
            return (days + _SINCE_MONDAY) // 7
        case "month":
            return _months(days)
        case "quarter":
            return _months(days) // 3
        case "year":
            return _months(days) // 12
        case "ever":
            return np.zeros_like(days)
        case _:
            assert_never(per)


def period_span(first: int, last: int, per: Per) -> tuple[int, int]:
    """The first day of the period that holds `first` and the last day of the one that holds `last`."""
    match per:
        case "day":
            return first, last
        case "week":
            start = first - (first + _SINCE_MONDAY) % 7
            end = last - (last + _SINCE_MONDAY) % 7 + 6
            return max(start, FIRST_DAY), min(end, LAST_DAY)
        case "month":
            return _months_span(first, last, length=1)
        case "quarter":
            return _months_span(first, last, length=3)
        case "year":
            return _months_span(first, last, length=12)
        case "ever":
            return FIRST_DAY, LAST_DAY
        case _:
            assert_never(per)


def _months(days: Ints) -> Ints:
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def _months_span(first: int, last: int, *, length: int) -> tuple[int, int]:
    start, end = date_of(first), date_of(last)
    start_month = start.month - (start.month - 1) % length
    end_month = end.month - (end.month - 1) % length + length - 1
    end_day = monthrange(end.year, end_month)[1]
    return day_number(date(start.year, start_month, 1)), day_number(date(end.year, end_month, end_day))
