"""Days, and the calendar periods they belong to."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.scoring.days import (
    FIRST_DAY,
    LAST_DAY,
    Per,
    date_of,
    day_number,
    day_of,
    period_of,
    period_span,
    week_start,
)
from tests.scoring.reference import period

PERS: list[Per] = ["day", "week", "month", "quarter", "year", "ever"]
calendar_days = st.integers(FIRST_DAY, LAST_DAY)


@pytest.mark.parametrize(
    ("instant", "zone", "day"),
    [
        ("2026-03-02T00:00:00+00:00", "UTC", "2026-03-02"),
        ("2026-03-02T06:59:59+00:00", "America/Denver", "2026-03-01"),
        ("2026-03-02T07:00:00+00:00", "America/Denver", "2026-03-02"),
        ("2026-03-08T09:30:00+00:00", "America/Denver", "2026-03-08"),  # the night the clocks go forward
        ("2026-03-02T23:30:00-02:00", "Pacific/Kiritimati", "2026-03-03"),
        ("0001-01-01T00:00:00+00:00", "America/Denver", "0001-01-01"),
    ],
)
def test_an_event_belongs_to_its_day_in_the_zone(instant: str, zone: str, day: str) -> None:
    assert date_of(day_of(datetime.fromisoformat(instant), ZoneInfo(zone))).isoformat() == day


def test_days_count_from_1970() -> None:
    assert day_number(date(1970, 1, 1)) == 0
    assert day_of(datetime(1970, 1, 2, tzinfo=UTC), ZoneInfo("UTC")) == 1


def test_every_day_fits_in_32_bits() -> None:
    assert -(2**31) <= FIRST_DAY < LAST_DAY < 2**31


@pytest.mark.parametrize("per", PERS)
@given(first=calendar_days, second=calendar_days)
def test_periods_are_the_calendars(per: Per, first: int, second: int) -> None:
    one, other = period_of(np.array([first, second]), per).tolist()
    assert (one == other) == (period(first, per) == period(second, per))
    assert (one <= other) or first > second


@pytest.mark.parametrize("per", PERS)
@given(day=calendar_days)
def test_a_span_is_the_whole_period_and_no_more(per: Per, day: int) -> None:
    first, last = period_span(day, day, per)
    around = [one for one in (first - 1, first, day, last, last + 1) if FIRST_DAY <= one <= LAST_DAY]
    assert [one for one in around if period(one, per) == period(day, per)] == [
        one for one in around if first <= one <= last
    ]


def test_a_span_over_periods_reaches_from_the_first_to_the_last() -> None:
    first, last = day_number(date(2026, 2, 20)), day_number(date(2026, 5, 3))
    assert period_span(first, last, "quarter") == (
        day_number(date(2026, 1, 1)),
        day_number(date(2026, 6, 30)),
    )


@pytest.mark.parametrize(
    ("instant", "zone", "monday"),
    [
        ("2026-03-12T15:00:00+00:00", "UTC", "2026-03-09T00:00:00+00:00"),
        ("2026-03-09T00:00:00+00:00", "UTC", "2026-03-09T00:00:00+00:00"),
        ("2026-03-09T05:59:59+00:00", "America/Denver", "2026-03-02T07:00:00+00:00"),
        ("2026-03-09T06:00:00+00:00", "America/Denver", "2026-03-09T06:00:00+00:00"),
        ("2026-01-01T12:00:00+00:00", "Europe/Berlin", "2025-12-28T23:00:00+00:00"),
    ],
)
def test_a_week_begins_on_monday_in_the_zone(instant: str, zone: str, monday: str) -> None:
    assert week_start(datetime.fromisoformat(instant), ZoneInfo(zone)) == datetime.fromisoformat(monday)
