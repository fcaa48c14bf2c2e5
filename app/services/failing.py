"""When a webhook that keeps failing is warned about, and when it is disabled: pure decisions."""

from datetime import datetime, timedelta
from typing import Literal

from app.store.webhook_health import Health

WARNED_AT = 0.5
"""The part of the patience after which the program is warned."""

NOTICE = 0.1
"""The part of the patience that lies, at least, between the warning and the end: 12 hours of 5 days."""

REMEMBERED = timedelta(seconds=10)
"""How long one success stands for those that follow, so that a busy webhook is not written all the time."""

Consequence = Literal["warn", "disable"]


def after(health: Health, *, succeeded: bool, failures: int, now: datetime) -> Health:
    """The health after some attempts; if any of them succeeded, the others prove nothing."""
    if succeeded:
        fresh = health.last_success_at is not None and now - health.last_success_at < REMEMBERED
        if fresh and health.failing_since is None:
            return health
        return Health(last_failure_at=health.last_failure_at, last_success_at=now)
    return health._replace(
        failing_since=health.failing_since or now,
        failures=health.failures + failures,
        last_failure_at=now,
    )


def consequence(health: Health, *, patience: timedelta, now: datetime) -> Consequence | None:
    """What follows from an attempt that has just failed.

    A webhook is disabled after `patience` without a success, and never unwarned: whoever is warned late,
    because there was little to send, still has some notice.
    """
    if health.failing_since is None or health.failures < 2:
        return None
    failing_for = now - health.failing_since
    if health.warned_at is None:
        return "warn" if failing_for >= WARNED_AT * patience else None
    return "disable" if failing_for >= patience and now - health.warned_at >= NOTICE * patience else None


def disables_at(health: Health, *, patience: timedelta) -> datetime | None:
    """The earliest moment at which another failure would disable the webhook; null while it does not fail."""
    if health.failing_since is None:
        return None
    end = health.failing_since + patience
    return max(end, health.warned_at + NOTICE * patience) if health.warned_at else end
