"""What was committed on SQLite reaches the database file beside the commits, even if an attempt fails."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.engine import make_url

from app import checkpoints
from app.checkpoints import LONGEST_LOG, Checkpointer
from app.engines import SQLITE_BUSY_SECONDS, sqlite_engine

SECONDS = 20


@pytest.fixture
def engine(sqlite_url: str) -> Engine:
    """What the checkpointer connects by."""
    return sqlite_engine(make_url(sqlite_url), begin="BEGIN")


@pytest.fixture
def tried(engine: Engine) -> Event:
    """Is set when the checkpointer gives its connection back."""
    seen = Event()
    event.listen(engine, "checkin", lambda *_: seen.set())
    return seen


@pytest.fixture
def checkpointer(engine: Engine, tried: Event) -> Iterator[Checkpointer]:
    """One that runs."""
    running = Checkpointer(engine)
    yield running
    running.close()


@pytest.fixture
def writer(sqlite_url: str) -> Iterator[sqlite3.Connection]:
    """Somebody who commits, and makes no checkpoint."""
    with closing(sqlite3.connect(str(make_url(sqlite_url).database), isolation_level=None)) as connection:
        connection.execute("PRAGMA wal_autocheckpoint=0")
        connection.execute("CREATE TABLE mark (at)")
        yield connection


def marks_in_file_alone(sqlite_url: str, tmp_path: Path) -> int:
    """How many marks are in the database file, without its log."""
    alone = tmp_path / "alone.db"
    shutil.copy(str(make_url(sqlite_url).database), alone)
    with closing(sqlite3.connect(alone)) as connection:
        return int(connection.execute("SELECT count(*) FROM mark").fetchone()[0])


def test_moved(
    checkpointer: Checkpointer, tried: Event, writer: sqlite3.Connection, sqlite_url: str, tmp_path: Path
) -> None:
    for number in range(3):
        tried.clear()
        writer.execute("INSERT INTO mark VALUES (1)")
        checkpointer.committed()
        assert tried.wait(SECONDS)
        assert marks_in_file_alone(sqlite_url, tmp_path) == number + 1


def test_writes_go_on_meanwhile(
    checkpointer: Checkpointer, tried: Event, writer: sqlite3.Connection, sqlite_url: str, tmp_path: Path
) -> None:
    """Neither waits for the other, and what is not committed is not moved."""
    writer.execute("INSERT INTO mark VALUES (1)")
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("INSERT INTO mark VALUES (2)")
    checkpointer.committed()
    assert tried.wait(SECONDS)
    writer.execute("COMMIT")
    assert marks_in_file_alone(sqlite_url, tmp_path) == 1


def test_tries_again(
    engine: Engine, checkpointer: Checkpointer, tried: Event, writer: sqlite3.Connection, sqlite_url: str
) -> None:
    """Planted: the first connection cannot be made."""
    refused = Event()

    def refuse(*_: object) -> None:
        if not refused.is_set():
            refused.set()
            raise sqlite3.OperationalError("unable to open database file")

    event.listen(engine, "connect", refuse, insert=True)
    checkpointer.committed()
    assert refused.wait(SECONDS)
    checkpointer.committed()
    assert tried.wait(SECONDS)


def test_log_is_bounded_without_it(sqlite_url: str) -> None:
    engine = sqlite_engine(make_url(sqlite_url), begin="BEGIN IMMEDIATE")
    with engine.begin() as connection:
        assert connection.exec_driver_sql("PRAGMA wal_autocheckpoint").scalar_one() == LONGEST_LOG
    engine.dispose()


def test_a_long_log_waits_for_no_reader(
    checkpointer: Checkpointer,
    tried: Event,
    writer: sqlite3.Connection,
    sqlite_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It could begin anew, but for somebody who reads from it. Shown to fail by the patience of others."""
    monkeypatch.setattr(checkpoints, "LONGEST_LOG", 0)
    writer.execute("INSERT INTO mark VALUES (1)")
    with closing(sqlite3.connect(str(make_url(sqlite_url).database), isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM mark").fetchone()
        writer.execute("INSERT INTO mark VALUES (2)")
        checkpointer.committed()
        assert tried.wait(SQLITE_BUSY_SECONDS / 2)
        writer.execute("INSERT INTO mark VALUES (3)")


def test_ends_whenever_it_is_closed(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shown to fail by one that forgets what was said while it waited."""
    monkeypatch.setattr(checkpoints, "EVERY", 0.0001)
    for _ in range(300):
        running = Checkpointer(engine)
        running.committed()
        closing_it = Thread(target=running.close, daemon=True)
        closing_it.start()
        closing_it.join(SECONDS)
        assert not closing_it.is_alive()
