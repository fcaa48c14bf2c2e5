"""Checkpoints of SQLite's write-ahead log: made beside the commits, which would otherwise wait for them."""

import sqlite3
from contextlib import closing, suppress
from threading import Event, Thread

from sqlalchemy import Engine

EVERY = 0.1
"""Seconds between two checkpoints while there are commits."""


class Checkpointer:
    """Moves what was committed from the log into the database file, by a thread and a connection of its own.

    It waits for nobody and nobody waits for it. What it cannot do is left to later ones, and to the commit
    that makes the log too long.
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
        while self._committed.wait() and not self._ended.wait(EVERY):
            self._committed.clear()
            with suppress(sqlite3.Error), closing(self._engine.raw_connection()) as connection:
                connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
