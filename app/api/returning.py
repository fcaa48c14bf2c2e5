"""How long a commit waits for those who come back.

Who has just been answered tends to come back at once. If the next commit did not wait for them, the few who
came while the last one was running would go alone, and the many would wait for them: two commits, not one.
So it waits, but only while they do come back: events that come when they happen soon wait for nobody, and
nearly never do so again until somebody comes back.
"""

import asyncio
from collections.abc import Sized
from contextlib import suppress
from time import monotonic

PATIENCE = 0.5
LONGEST_WAIT = 0.01
"""A commit may wait for half as long as the last one took, and never more than so many seconds."""

MOMENT, SOME = 0.001, 3
"""Seconds in which some, or half of those who are missing, have to come, or it is not waited for the rest."""

MOST_SKIPPED = 63
"""Once waiting was in vain, the next commit does not wait; each time again, twice as many, but no more."""


class Returning:
    """Waits for those who come back to one program's queue of `parts`."""

    def __init__(self, parts: Sized) -> None:
        self._parts = parts
        self._expected = 0
        self._complete = asyncio.Event()
        self._to_skip = self._skipped = 0

    def arrived(self) -> None:
        """There are more of the parts."""
        if len(self._parts) >= self._expected:
            self._complete.set()

    async def wait(self, expected: int, *, took: float) -> None:
        """Until so many parts are there, or it does not pay; `took` says how long the last commit was."""
        # First those who have just been answered hear of it.
        await asyncio.sleep(0)
        if self._skipped < self._to_skip:
            self._skipped += 1
            return
        self._expected = expected
        missing = self._missing
        await self._wait(until=monotonic() + min(PATIENCE * took, LONGEST_WAIT))
        in_vain = self._missing > missing / 2
        self._skipped, self._to_skip = 0, min(2 * self._to_skip + 1, MOST_SKIPPED) if in_vain else 0

    @property
    def _missing(self) -> int:
        return max(0, self._expected - len(self._parts))

    async def _wait(self, *, until: float) -> None:
        """While they come fast."""
        self._complete.clear()
        while (missing := self._missing) and monotonic() < until:
            with suppress(TimeoutError):
                async with asyncio.timeout(MOMENT):
                    await self._complete.wait()
            if missing - self._missing < min(SOME, missing / 2):
                return
