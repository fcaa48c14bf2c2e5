"""Schema migrations: bring a database to the newest revision, and tell whether it is there."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app.engines import sqlite_engine
from app.errors import NotReady

T = TypeVar("T")

FOLDER = Path(__file__).parent.parent / "migrations"


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database at `url` up to `revision`; creates an SQLite file and its folder."""
    _run(url, lambda connection: command.upgrade(_config(connection), revision))


def downgrade(url: str, revision: str) -> None:
    """Bring the database at `url` down to `revision`."""
    _run(url, lambda connection: command.downgrade(_config(connection), revision))


def draft(url: str, message: str) -> None:
    """Write a new migration that brings the database at `url` to what the models say."""
    _run(url, lambda connection: command.revision(_config(connection), message, autogenerate=True) and None)


def compare(url: str) -> None:
    """Raise alembic's CommandError when the models say something else than the migrated database."""
    _run(url, lambda connection: command.check(_config(connection)))


def require_current(connection: Connection) -> None:
    """Refuse, by NotReady, a schema that is not the one this code was written for."""
    here = MigrationContext.configure(connection).get_current_revision()
    head = ScriptDirectory.from_config(_config(connection)).get_current_head()
    if here != head:
        raise NotReady(
            f"The schema is at {here or 'nothing'}, the code wants {head}. Run: handraiser migrate"
        )


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option(
        "file_template", "%%(year)d%%(month).2d%%(day).2d_%%(hour).2d%%(minute).2d_%%(slug)s"
    )
    config.attributes["connection"] = connection
    return config


def _run(url: str, work: Callable[[Connection], T]) -> T:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = sqlite_engine(parsed, begin="BEGIN IMMEDIATE")
        try:
            with engine.begin() as connection:
                return work(connection)
        finally:
            engine.dispose()

    async def run() -> T:
        engine = create_async_engine(parsed.set(drivername="postgresql+asyncpg"), poolclass=NullPool)
        async with engine.begin() as connection:
            return await connection.run_sync(work)

    return asyncio.run(run())
