"""Counting a version's new signals from the ledger, step by step."""

from collections.abc import Callable

from app.db import Database
from app.services.signal_counting import count_some, missing_signals, progress


async def count_signals(
    database: Database, program: str, version: int, *, tell: Callable[[str, float], None] | None = None
) -> None:
    """Count until every signal of the version is; `tell` hears how far it came. Raises NotFound."""
    while not await database.write(lambda c: count_some(c, program, version)):
        if tell is not None:
            tell("counting", await _progress(database, program, version))


async def _progress(database: Database, program: str, version: int) -> float:
    return await database.read(lambda c: progress(c, program, missing_signals(c, program, version).values()))
