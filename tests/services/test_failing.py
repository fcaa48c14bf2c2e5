"""When a failing webhook is warned about and disabled: a table of lives."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.failing import NOTICE, WARNED_AT, Consequence, after, consequence, disables_at
from app.store.webhook_health import Health

START = datetime(2026, 3, 2, tzinfo=UTC)
PATIENCE = timedelta(days=5)
HOUR = timedelta(hours=1)


def lived(steps: list[tuple[float, bool]]) -> list[tuple[float, Consequence]]:
    """What followed, and after how many hours, from attempts at these hours."""
    health, told = Health(), []
    for hours, succeeded in sorted(steps):
        now = START + hours * HOUR
        health = after(health, succeeded=succeeded, failures=0 if succeeded else 1, now=now)
        follows = consequence(health, patience=PATIENCE, now=now)
        if follows == "warn":
            health = health._replace(warned_at=now)
        if follows:
            told.append((hours, follows))
    return told


def failures(*hours: float) -> list[tuple[float, bool]]:
    return [(each, False) for each in hours]


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        (failures(0, 1, 2, 59), []),
        (failures(0, 60), [(60, "warn")]),
        (failures(0, 60, 119), [(60, "warn")]),
        (failures(0, 60, 120), [(60, "warn"), (120, "disable")]),
        # Little to send: warned late, so disabled later than after five days, never unwarned.
        (failures(0, 200, 205), [(200, "warn")]),
        (failures(0, 200, 205, 212), [(200, "warn"), (212, "disable")]),
        # One success and all is forgotten.
        ([*failures(0, 60, 119, 121, 180), (120, True)], [(60, "warn")]),
        # A single failure proves nothing.
        (failures(0), []),
    ],
)
def test_lives(steps: list[tuple[float, bool]], told: list[tuple[float, Consequence]]) -> None:
    assert lived(steps) == told


@given(st.lists(st.tuples(st.floats(0, 400), st.booleans()), max_size=40, unique_by=lambda step: step[0]))
def test_disabled_only_after_five_days_without_a_success_and_half_a_day_after_a_warning(
    steps: list[tuple[float, bool]],
) -> None:
    told = lived(steps)
    hours = PATIENCE / HOUR
    for at in [at for at, what in told if what == "disable"]:
        assert not [each for each, succeeded in steps if succeeded and at - hours < each <= at]
        assert [warned for warned, what in told if what == "warn" and warned <= at - NOTICE * hours + 1e-6]
    for at in [at for at, what in told if what == "warn"]:
        assert not [each for each, succeeded in steps if succeeded and at - WARNED_AT * hours < each <= at]


def test_a_busy_webhook_that_does_well_is_not_written_for_each_success() -> None:
    healthy = after(Health(), succeeded=True, failures=0, now=START)
    assert after(healthy, succeeded=True, failures=0, now=START + timedelta(seconds=9)) is healthy
    later = START + timedelta(seconds=10)
    assert after(healthy, succeeded=True, failures=3, now=later).last_success_at == later


def test_when_it_would_be_disabled() -> None:
    assert disables_at(Health(), patience=PATIENCE) is None
    failing = Health(failing_since=START, failures=2)
    assert disables_at(failing, patience=PATIENCE) == START + PATIENCE
    warned = failing._replace(warned_at=START + PATIENCE)
    assert disables_at(warned, patience=PATIENCE) == START + PATIENCE + 12 * HOUR
