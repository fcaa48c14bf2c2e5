"""The schema: one history, up and down on both databases, and the same as what the models say."""

import asyncio
from collections.abc import Iterator
from uuid import uuid4

import pytest
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import inspect, text

from app import migrate
from app.db import T, Work, open_database
from app.errors import NotReady
from app.main import create_app
from app.models import metadata
from tests.support.play import Run
from tests.support.postgres import Postgres
from tests.support.server import handraiser
from tests.support.service import settings_for


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: object) -> Iterator[str]:
    """A database of each kind with nothing in it."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.db"
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = f"empty_{uuid4().hex}"
    yield server.create(name)
    server.drop(name)


@pytest.fixture
def run(database_url: str) -> Iterator[Run]:
    """Work on the migrated database."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        database = open_database(settings_for(database_url))

        def run_(work: Work[T]) -> T:
            return runner.run(database.write(work))

        yield run_
        runner.run(database.close())


def tables(url: str) -> set[str]:
    """What is in the database."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        database = open_database(settings_for(url))
        found = runner.run(database.read(lambda c: set(inspect(c).get_table_names())))
        runner.run(database.close())
        return found - {"alembic_version"}


def test_one_head_and_dated_names() -> None:
    script = ScriptDirectory(str(migrate.FOLDER))
    assert len(script.get_heads()) == 1
    names = [each.name for each in (migrate.FOLDER / "versions").glob("*.py")]
    assert all(name[:8].isdigit() and name[8] == "_" and name[9:13].isdigit() for name in names)


def test_up_and_down_and_up(empty_url: str) -> None:
    migrate.upgrade(empty_url)
    assert tables(empty_url) == metadata.tables.keys()
    migrate.downgrade(empty_url, "base")
    assert tables(empty_url) == set()
    migrate.upgrade(empty_url)
    assert tables(empty_url) == metadata.tables.keys()


def test_upgrading_again_changes_nothing(empty_url: str) -> None:
    for _ in range(2):
        migrate.upgrade(empty_url)
    migrate.compare(empty_url)


def test_migrations_say_what_the_models_say(database_url: str) -> None:
    migrate.compare(database_url)


@pytest.mark.parametrize(
    "fault",
    [
        "ALTER TABLE partner ADD COLUMN planted INTEGER",
        "CREATE TABLE planted (id INTEGER)",
        "DROP INDEX ix_standing_rank",
        "ALTER TABLE partner DROP COLUMN owner",
    ],
)
def test_a_difference_is_found(run: Run, database_url: str, fault: str) -> None:
    """Planted: a column, a table, an index and a column too few."""
    run(lambda c: c.execute(text(fault)).close())
    with pytest.raises(CommandError):
        migrate.compare(database_url)


@pytest.mark.parametrize("revision", ["empty", "unknown"])
async def test_a_stale_schema_is_refused_with_the_command_that_mends_it(
    database_url: str, revision: str
) -> None:
    database = open_database(settings_for(database_url))
    change = (
        "DELETE FROM alembic_version"
        if revision == "empty"
        else "UPDATE alembic_version SET version_num = 'x'"
    )
    await database.write(lambda c: c.execute(text(change)).close())
    await database.close()
    app = create_app(settings_for(database_url))
    with pytest.raises(NotReady, match="handraiser migrate"):
        async with app.router.lifespan_context(app):
            raise AssertionError("it started")


def test_serve_refuses_an_unmigrated_postgresql_and_migrate_mends_it(postgres: Postgres) -> None:
    name = f"stale_{uuid4().hex}"
    url = postgres.create(name)
    refused = handraiser(url, "serve", "--port", "0")
    assert refused.returncode != 0
    assert "handraiser migrate" in refused.stderr + refused.stdout
    assert handraiser(url, "migrate").returncode == 0
    assert handraiser(url, "verify").returncode == 0
    postgres.drop(name)
