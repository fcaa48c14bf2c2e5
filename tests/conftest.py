"""What every test stands on: a clean environment, and a fresh migrated database of each kind."""

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest
from hypothesis import settings

from app.migrate import upgrade
from tests.support.postgres import Postgres, postgres_server
from tests.support.service import Service, running

# Time limits fail on a busy machine for no fault of the code; CI must try the same examples every time.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if "CI" in os.environ else "local")


def pytest_configure() -> None:
    """Forget the developer's own settings, for child processes too."""
    for name in [name for name in os.environ if name.startswith("HANDRAISER_")]:
        del os.environ[name]


@pytest.fixture(autouse=True)
def _empty_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No .env is read, and ./data is the test's own."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One PostgreSQL for this pytest process; with xdist one for each worker."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def _postgresql_template(postgres: Postgres) -> Iterator[str]:
    name = f"template_{uuid4().hex}"
    upgrade(postgres.create(name))
    yield name
    postgres.drop(name)


@pytest.fixture
def postgresql_url(postgres: Postgres, _postgresql_template: str) -> Iterator[str]:
    """A fresh migrated PostgreSQL database."""
    name = f"test_{uuid4().hex}"
    yield postgres.create(name, template=_postgresql_template)
    postgres.drop(name)


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "handraiser.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(tmp_path: Path, _sqlite_template: Path) -> str:
    """A fresh migrated SQLite file."""
    path = tmp_path / "handraiser.db"
    shutil.copyfile(_sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh migrated database: the test runs once on SQLite and once on PostgreSQL."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
async def service(database_url: str) -> AsyncIterator[Service]:
    """The service, running on a fresh database of each kind."""
    async with running(database_url) as started:
        yield started


@pytest.fixture
async def client(service: Service) -> AsyncIterator[httpx2.AsyncClient]:
    """A client with an admin key of the program `acme`."""
    async with service.client(await service.program()) as opened:
        yield opened
