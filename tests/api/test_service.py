"""The service itself: up, ready, measured, documented."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.api.calls import client_of, is_problem
from tests.api.routes import DOCUMENT
from tests.support.service import Service, running


@pytest.fixture
async def stranger(service: Service) -> AsyncIterator[httpx2.AsyncClient]:
    """A client without a key."""
    async with client_of(service) as opened:
        yield opened


@pytest.mark.parametrize(("path", "status"), [("/healthz", "ok"), ("/readyz", "ready")])
async def test_health(stranger: httpx2.AsyncClient, path: str, status: str) -> None:
    answer = await stranger.get(path)
    assert (answer.status_code, answer.json()) == (200, {"status": status})


async def test_metrics(stranger: httpx2.AsyncClient) -> None:
    answer = await stranger.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert list(text_string_to_metric_families(answer.text))


async def test_documentation(stranger: httpx2.AsyncClient) -> None:
    assert (await stranger.get("/openapi.json")).json() == DOCUMENT
    assert "openapi.json" in (await stranger.get("/docs")).text


@pytest.mark.parametrize(
    "fault", ["UPDATE alembic_version SET version_num = 'older'", "DROP TABLE alembic_version"]
)
async def test_not_ready_with_another_schema(sqlite_url: str, fault: str) -> None:
    async with running(sqlite_url) as service, client_of(service) as stranger:
        assert (await stranger.get("/readyz")).status_code == 200
        await asyncio.to_thread(_execute, sqlite_url.removeprefix("sqlite:///"), fault)
        answer = await stranger.get("/readyz")
        assert is_problem(answer, 503, "not_ready")
        assert "handraiser migrate" in answer.json()["detail"]
        assert (await stranger.get("/healthz")).status_code == 200


def _execute(path: str, statement: str) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement)
    connection.close()


def test_every_route_is_described() -> None:
    operations = [each for path in DOCUMENT["paths"].values() for each in path.values()]
    assert all(each["summary"] and each["description"] and each["tags"] for each in operations)
