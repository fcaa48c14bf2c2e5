"""The `handraiser` command in a process that SIGKILLs itself inside its n-th transaction that writes.

`python -m tests.support.mortal N ARGUMENT...`; steps are short, so that there are many of them.
"""

import os
import signal
import sys
from itertools import count
from unittest.mock import patch

from sqlalchemy import Connection

from app.cli import main
from app.db import PostgresDatabase, SqliteDatabase, T, Work
from app.services import activating, signal_counting

AT_ONCE = 5


class Mortal:
    """Counts work that writes, and dies when it is done for the n-th time but not committed."""

    def __init__(self, dies_at: int) -> None:
        self._dies_at = dies_at
        self._number = count(1)

    def __call__(self, work: Work[T]) -> Work[T]:
        def run(connection: Connection) -> T:
            found = work(connection)
            if next(self._number) == self._dies_at:
                os.kill(os.getpid(), signal.SIGKILL)
            return found

        return run


def doom(dies_at: int) -> None:
    """Let this process die in its n-th write, to whichever database."""
    mortal = Mortal(dies_at)
    sqlite, postgres = SqliteDatabase.write, PostgresDatabase.write

    async def write_sqlite(self: SqliteDatabase, work: Work[T]) -> T:
        return await sqlite(self, mortal(work))

    async def write_postgres(self: PostgresDatabase, work: Work[T]) -> T:
        return await postgres(self, mortal(work))

    patch.object(SqliteDatabase, "write", write_sqlite).start()
    patch.object(PostgresDatabase, "write", write_postgres).start()


if __name__ == "__main__":
    doom(int(sys.argv.pop(1)))
    activating.PARTNERS_AT_ONCE = signal_counting.PARTNERS_AT_ONCE = AT_ONCE
    main()
