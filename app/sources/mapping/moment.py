"""A platform's way of writing a time becomes a time; what cannot be true is refused with what would be."""

from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from app.sources.moments import from_iso, from_milliseconds, from_seconds

Unit = Literal["iso", "s", "ms"]
COUNTED = {"s": from_seconds, "ms": from_milliseconds}


def instant(
    value: object, unit: Unit, *, name: str, received_at: datetime, zone: str | None = None
) -> datetime:
    """The time. `zone` is for times written without one. Raises ValueError naming `name`."""
    try:
        if unit == "iso":
            return from_iso(_zoned(value, zone), name=name, received_at=received_at)
        return COUNTED[unit](value, name=name, received_at=received_at)
    except ValueError as error:
        raise ValueError(f"{error} (it is {value!r:.80}){_hint(value, unit, received_at)}") from error


def _zoned(value: object, zone: str | None) -> object:
    """A written time with the zone, if it came without one."""
    try:
        moment = datetime.fromisoformat(value.strip()) if isinstance(value, str) else None
    except ValueError:
        return value
    if moment is None or moment.tzinfo is not None or zone is None:
        return value.strip() if isinstance(value, str) else value
    return moment.replace(tzinfo=ZoneInfo(zone)).isoformat()


def _hint(value: object, unit: Unit, received_at: datetime) -> str:
    """Which unit would make sense of a number."""
    for other, read in COUNTED.items():
        try:
            if other != unit:
                read(value, name="", received_at=received_at)
                return f"; it looks like unit: {other}"
        except ValueError:
            continue
    return ""
