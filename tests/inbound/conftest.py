"""One running service on each database, which sees our Amazon; each test has its own program and rubric."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest

from tests.api.calls import activate, client_of, key_of
from tests.inbound.amazon import Amazon
from tests.support.postgres import Postgres
from tests.support.service import Service, served


@pytest.fixture(scope="session")
def amazon() -> Amazon:
    """The Amazon that the services of these tests see."""
    return Amazon()


@pytest.fixture(scope="session")
def _sqlite_service(
    _sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, amazon: Amazon
) -> Iterator[Service]:
    path = tmp_path_factory.mktemp("inbound") / "handraiser.db"
    shutil.copyfile(_sqlite_template, path)
    with served(f"sqlite:///{path}", fetcher=amazon) as service:
        yield service


@pytest.fixture(scope="session")
def _postgresql_service(postgres: Postgres, _postgresql_template: str, amazon: Amazon) -> Iterator[Service]:
    name = f"inbound_{uuid4().hex}"
    with served(postgres.create(name, template=_postgresql_template), fetcher=amazon) as service:
        yield service
    postgres.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def service(request: pytest.FixtureRequest) -> Service:
    """The running service, on each database."""
    found: Service = request.getfixturevalue(f"_{request.param}_service")
    return found


@pytest.fixture
async def client(service: Service) -> AsyncIterator[httpx2.AsyncClient]:
    """A client with an admin key of a program that no other test uses; its rubric is active."""
    async with client_of(service, await key_of(service, f"program-{uuid4().hex}")) as opened:
        await activate(opened)
        yield opened
