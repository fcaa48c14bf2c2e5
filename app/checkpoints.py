"""Checkpoints of SQLite's write-ahead log: made beside the commits, which would otherwise wait for them."""

import sqlite3
from contextlib import closing, suppress
from threading import Event, Thread

from sqlalchemy import Engine
from sqlalchemy.engine.interfaces import DBAPICursor

EVERY = 0.1
"""Seconds between two checkpoints while there are commits."""

LONGEST_LOG = 16_000
"""Pages of 4 KiB: 64 MiB. A log that is longer has to begin anew."""

PATIENCE = 20
"""Milliseconds that this may wait for whoever reads from the log; commits wait as long."""


class Checkpointer:
    """Moves what was committed from the log into the database file, by a thread and a connection of its own.

    It waits for nobody and nobody waits for it, unless the log is too long: under load without a pause, with
    reads that overlap, there is always something in it that somebody needs. What it cannot do is left to
    later ones.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._committed, self._ended = Event(), Event()
        self._thread = Thread(target=self._run, name="sqlite-checkpoints", daemon=True)
        self._thread.start()

    def committed(self) -> None:
        """There is something to move."""
        self._committed.set()

    def close(self) -> None:
        """Stop; whoever closes the database's last connection moves the rest."""
        self._ended.set()
        self._committed.set()
        self._thread.join()
        self._engine.dispose()

    def _run(self) -> None:
        while self._committed.wait():
            # Cleared first, so that what is said from now on, be it the end, is heard.
            self._committed.clear()
            if self._ended.wait(EVERY):
                return
            with suppress(sqlite3.Error), closing(self._engine.raw_connection()) as connection:
                _move(connection.cursor())


def _move(cursor: DBAPICursor) -> None:
    cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
    [(_, log, _)] = cursor.fetchall()
    if log > LONGEST_LOG:
        cursor.execute(f"PRAGMA busy_timeout={PATIENCE}")
        cursor.execute("PRAGMA wal_checkpoint(RESTART)")
