"""A period of days in the program's time zone, as the instants between which it lies."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from app.errors import FieldError, Invalid
from app.scoring.days import date_of
from app.services.rulebook import Rulebook

USUAL_DAYS = 90


@dataclass(frozen=True)
class Period:
    """The days from `first` to `last`, both included, and start <= instant < end."""

    first: date
    last: date
    start: datetime
    end: datetime


def period(rules: Rulebook, first: date | None, last: date | None, *, now: datetime) -> Period:
    """The days asked for; up to today, and 90 of them, unless said otherwise. Raises Invalid."""
    until = last or date_of(rules.day_of(now))
    since = first or until - timedelta(days=USUAL_DAYS - 1)
    if since > until:
        error = FieldError("to", "must be on or after `from`")
        raise Invalid("The period is not valid.", errors=[error])
    return Period(since, until, _begin(since, rules), _begin(until + timedelta(days=1), rules))


def _begin(day: date, rules: Rulebook) -> datetime:
    return datetime.combine(day, time(), rules.zone).astimezone(UTC)
