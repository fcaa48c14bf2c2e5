"""When so many working hours have passed, and what somebody says who only watches the clock."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.scoring.hours import WorkingHours, due_at

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
OFFICE = WorkingHours.model_validate({"from": "09:00", "to": "17:00"})
QUARTER = timedelta(minutes=15)  # what every zone here is a multiple of off
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
CHANGES = [
    datetime(2026, 3, 6, tzinfo=UTC),
    datetime(2026, 10, 30, tzinfo=UTC),
]  # two days before, in America

zones = st.sampled_from(
    [ZoneInfo(name) for name in ("UTC", "America/Denver", "America/Havana", "Asia/Kathmandu")]
)
starts = st.builds(
    lambda day, quarters: day + quarters * QUARTER,
    st.sampled_from([NEW_YEAR, *CHANGES]),
    st.integers(0, 4 * 24 * 10),
)
quarters = st.integers(1, 40)


@st.composite
def weeks(draw: st.DrawFn) -> WorkingHours:
    """Working hours that neither begin nor end while clocks are changed."""
    begin = draw(st.just(0) | st.integers(4 * 4, 4 * 22))
    end = draw(st.integers(max(begin + 4, 4 * 4), 4 * 24))
    days = draw(st.sets(st.sampled_from(WEEK), min_size=1))
    return WorkingHours.model_validate({"days": sorted(days), "from": clock(begin), "to": clock(end)})


def clock(quarters: int) -> str:
    return f"{quarters // 4:02}:{quarters % 4 * 15:02}"


def is_working(instant: datetime, hours: WorkingHours, zone: ZoneInfo) -> bool:
    local = instant.astimezone(zone)
    return WEEK[local.weekday()] in hours.days and hours.from_ <= f"{local:%H:%M}" < hours.to


def worked(start: datetime, hours: WorkingHours, zone: ZoneInfo) -> Iterator[datetime]:
    """The end of every working quarter of an hour."""
    while True:
        if is_working(start, hours, zone):
            yield start + QUARTER
        start += QUARTER


@given(starts, quarters, weeks(), zones)
def test_it_is_what_the_clock_on_the_wall_says(
    start: datetime, quarters: int, hours: WorkingHours, zone: ZoneInfo
) -> None:
    (watched,) = islice(worked(start, hours, zone), quarters - 1, quarters)
    assert due_at(start, quarters / 4, working=hours, zone=zone) == watched


@given(starts, st.floats(0.001, 100), weeks(), zones)
def test_it_ends_while_people_work_or_when_they_leave(
    start: datetime, hours: float, working: WorkingHours, zone: ZoneInfo
) -> None:
    due = due_at(start, hours, working=working, zone=zone)
    assert due.tzinfo is UTC
    assert due >= start + timedelta(hours=hours)
    assert is_working(due - timedelta(microseconds=1), working, zone)


@given(starts, quarters, quarters, weeks() | st.none(), zones)
def test_one_wait_after_the_other_is_both_at_once(
    start: datetime, one: int, other: int, working: WorkingHours | None, zone: ZoneInfo
) -> None:
    first = due_at(start, one / 4, working=working, zone=zone)
    assert due_at(first, other / 4, working=working, zone=zone) == due_at(
        start, (one + other) / 4, working=working, zone=zone
    )


@given(starts, starts, quarters, quarters, weeks() | st.none(), zones)
def test_who_starts_later_or_waits_longer_is_not_done_earlier(
    start: datetime, later: datetime, hours: int, more: int, working: WorkingHours | None, zone: ZoneInfo
) -> None:
    (start, later), (hours, more) = sorted([start, later]), sorted([hours, more])
    due = due_at(start, hours, working=working, zone=zone)
    assert due <= due_at(later, hours, working=working, zone=zone)
    assert due <= due_at(start, more, working=working, zone=zone)


def test_without_working_hours_the_clock_runs_day_and_night() -> None:
    friday = datetime.fromisoformat("2026-03-06T16:00-07:00")
    assert (
        due_at(friday, 48.5, working=None, zone=ZoneInfo("America/Denver")).isoformat()
        == "2026-03-08T23:30:00+00:00"
    )


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-03-02T10:00-07:00", 2, "2026-03-02T12:00-07:00"),  # a Monday
        ("2026-03-02T16:00-07:00", 1, "2026-03-02T17:00-07:00"),
        ("2026-03-02T16:00-07:00", 1.5, "2026-03-03T09:30-07:00"),
        ("2026-03-02T03:00-07:00", 1, "2026-03-02T10:00-07:00"),
        ("2026-03-02T17:00-07:00", 1, "2026-03-03T10:00-07:00"),
        ("2026-03-06T16:00-07:00", 2, "2026-03-09T10:00-06:00"),  # over a weekend and a change of clocks
        ("2026-03-07T12:00-07:00", 8, "2026-03-09T17:00-06:00"),
        ("2026-03-02T09:00-07:00", 40, "2026-03-06T17:00-07:00"),
    ],
)
def test_office_hours_in_denver(start: str, hours: float, due: str) -> None:
    assert due_at(datetime.fromisoformat(start), hours, working=OFFICE, zone=ZoneInfo("America/Denver")) == (
        datetime.fromisoformat(due)
    )


@pytest.mark.parametrize(
    ("day", "begin", "end", "hours", "due"),
    [
        ("2026-03-08", "01:00", "04:00", 2, "2026-03-08T10:00+00:00"),  # 02:00 to 03:00 was skipped
        ("2026-03-08", "02:30", "05:00", 1, "2026-03-08T10:30+00:00"),  # begins at 03:30 instead
        ("2026-03-08", "02:30", "03:15", 0.5, "2026-03-15T09:00+00:00"),  # no time at all that Sunday
        ("2026-11-01", "00:00", "03:00", 4, "2026-11-01T10:00+00:00"),  # 01:00 to 02:00 came twice
        ("2026-11-01", "01:30", "03:00", 2, "2026-11-01T09:30+00:00"),  # begins at the first 01:30
    ],
)
def test_nights_in_which_denver_changes_its_clocks(
    day: str, begin: str, end: str, hours: float, due: str
) -> None:
    sundays = WorkingHours.model_validate({"days": ["sun"], "from": begin, "to": end})
    midnight = datetime.fromisoformat(f"{day}T06:00+00:00")
    assert due_at(
        midnight, hours, working=sundays, zone=ZoneInfo("America/Denver")
    ) == datetime.fromisoformat(due)


@given(starts, weeks(), zones)
def test_the_most_that_a_rubric_may_ask_for_passes_in_little_more_than_a_year(
    start: datetime, working: WorkingHours, zone: ZoneInfo
) -> None:
    most = working.hours_a_year
    assert timedelta(weeks=50) < due_at(start, most, working=working, zone=zone) - start < timedelta(weeks=54)
