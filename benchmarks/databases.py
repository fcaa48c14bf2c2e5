"""Databases to measure on: migrated, empty, gone afterwards."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.migrate import upgrade
from tests.support.postgres import postgres_server


@contextmanager
def sqlite() -> Iterator[str]:
    """The URL of a file."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        upgrade(url)
        yield url


@contextmanager
def postgresql() -> Iterator[str]:
    """The URL of a database on a server that is durable: an acknowledgement must be true."""
    with postgres_server(durable=True) as server:
        url = server.create("bench")
        upgrade(url)
        yield url
