"""Work that goes on for ever: one failure must not end the rest."""

from collections.abc import Awaitable
from typing import TypeVar

import structlog

from app.errors import DatabaseAway, Overloaded
from app.log import fault

log = structlog.get_logger()

T = TypeVar("T")


async def attempt(work: Awaitable[T], what: str) -> T | None:
    """What the work gives; None, with a line in the log that names `what`, if it fails."""
    try:
        return await work
    except (DatabaseAway, Overloaded):
        log.warning("the database is away", waiting=what)
    except Exception as error:
        fault(f"{what} failed", error)
    return None
