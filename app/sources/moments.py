"""Times as platforms write them: seconds, milliseconds, ISO 8601."""

from datetime import UTC, datetime, timedelta
from math import isfinite

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
FURTHEST_AHEAD = timedelta(days=1)
"""Beyond these no clock is merely wrong: the unit is."""


def from_seconds(value: object, *, name: str, received_at: datetime) -> datetime:
    """Seconds since 1970, whole or not, as a number or in digits. Raises ValueError naming `name`."""
    return _since_1970(value, f"`{name}` must be in seconds since 1970", per_second=1, before=received_at)


def from_milliseconds(value: object, *, name: str, received_at: datetime) -> datetime:
    """Milliseconds since 1970. Raises ValueError naming `name`."""
    return _since_1970(
        value, f"`{name}` must be in milliseconds since 1970", per_second=1000, before=received_at
    )


def from_iso(value: object, *, name: str, received_at: datetime) -> datetime:
    """ISO 8601 with a zone. Raises ValueError naming `name`."""
    return _plausible(
        any_iso(value, name=name), f"`{name}` must be after 1999 and not in the future", before=received_at
    )


def any_iso(value: object, *, name: str) -> datetime:
    """ISO 8601 with a zone, of whatever year. Raises ValueError naming `name`."""
    problem = f"`{name}` must be an ISO 8601 time with a zone"
    try:
        instant = datetime.fromisoformat(value) if isinstance(value, str) else None
        if instant is None or instant.tzinfo is None:
            raise ValueError(problem)
        return instant.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(problem) from error


def _since_1970(value: object, problem: str, *, per_second: int, before: datetime) -> datetime:
    try:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ValueError(problem)
        number = float(value)
        if not isfinite(number):
            raise ValueError(problem)
        return _plausible(datetime.fromtimestamp(number / per_second, UTC), problem, before=before)
    except (ValueError, OverflowError, OSError) as error:
        raise ValueError(f"{problem}, after 1999 and not in the future") from error


def _plausible(instant: datetime, problem: str, *, before: datetime) -> datetime:
    if not EARLIEST <= instant <= before + FURTHEST_AHEAD:
        raise ValueError(problem)
    return instant
