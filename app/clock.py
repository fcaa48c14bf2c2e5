"""The only reader of wall time."""

from datetime import UTC, datetime


def now() -> datetime:
    """This instant, timezone-aware, in UTC."""
    return datetime.now(UTC)
