"""One running service on each database for all tests of the HTTP contract; each test has its own program."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest
from anyio.from_thread import start_blocking_portal

from tests.api.calls import activate, client_of, key_of
from tests.api.world import World, populate
from tests.support.postgres import Postgres
from tests.support.service import Service, served


@pytest.fixture(scope="session")
def _sqlite_service(_sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    path = tmp_path_factory.mktemp("served") / "handraiser.db"
    shutil.copyfile(_sqlite_template, path)
    with served(f"sqlite:///{path}") as service:
        yield service


@pytest.fixture(scope="session")
def _postgresql_service(postgres: Postgres, _postgresql_template: str) -> Iterator[Service]:
    name = f"served_{uuid4().hex}"
    with served(postgres.create(name, template=_postgresql_template)) as service:
        yield service
    postgres.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def service(request: pytest.FixtureRequest) -> Service:
    """The running service, on each database."""
    found: Service = request.getfixturevalue(f"_{request.param}_service")
    return found


@pytest.fixture
def program() -> str:
    """The id of a program that no other test uses."""
    return f"program-{uuid4().hex}"


@pytest.fixture
async def client(service: Service, program: str) -> AsyncIterator[httpx2.AsyncClient]:
    """A client with an admin key of the test's own program."""
    async with client_of(service, await key_of(service, program)) as opened:
        yield opened


@pytest.fixture
async def activated(client: httpx2.AsyncClient) -> int:
    """The version of RUBRIC, active in the test's own program."""
    return await activate(client)


def _populated(service: Service) -> World:
    with start_blocking_portal() as portal:
        return portal.call(populate, service, f"world-{uuid4().hex}")


@pytest.fixture(scope="session")
def _sqlite_playground(_sqlite_service: Service) -> World:
    return _populated(_sqlite_service)


@pytest.fixture(scope="session")
def _postgresql_playground(_postgresql_service: Service) -> World:
    return _populated(_postgresql_service)


@pytest.fixture(scope="session")
def _sqlite_world(_sqlite_service: Service) -> World:
    return _populated(_sqlite_service)


@pytest.fixture(scope="session")
def _postgresql_world(_postgresql_service: Service) -> World:
    return _populated(_postgresql_service)


@pytest.fixture
def world(request: pytest.FixtureRequest, service: Service) -> World:
    """A program with something of everything, which tests only read."""
    return _of(service, "world", request)


@pytest.fixture
def playground(request: pytest.FixtureRequest, service: Service) -> World:
    """Another such program, to do anything with."""
    return _of(service, "playground", request)


def _of(service: Service, name: str, request: pytest.FixtureRequest) -> World:
    database = "sqlite" if service.settings.is_sqlite else "postgresql"
    found: World = request.getfixturevalue(f"_{database}_{name}")
    return found
