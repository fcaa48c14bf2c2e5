"""Secrets are shown once: never again in an answer, nor in the log, nor in the database as they are."""

import re
from pathlib import Path

import httpx2
import pytest

from tests.api.calls import client_of
from tests.api.routes import DOCUMENT, ROUTES
from tests.api.world import World, populate
from tests.support.server import serving
from tests.support.service import OPERATOR_KEY, SECRET_KEY, Service, settings_for


async def test_no_answer_shows_one_again(service: Service, world: World) -> None:
    async with client_of(service, world.key) as client:
        for route in ROUTES:
            if route.method == "GET":
                answer = await client.get(route.filled(**world.ids))
                assert not [secret for secret in world.secrets if secret in answer.text], route.name


async def test_neither_log_nor_database_holds_one(
    sqlite_url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async with serving(sqlite_url, LOG_LEVEL="debug") as server:
        service = Service(server.url, settings_for(sqlite_url))
        world = await populate(service, "acme")
        async with client_of(service) as stranger:
            for secret in world.secrets:
                await _misuse(stranger, secret)
    log = "".join(capfd.readouterr())
    stored = b"".join(path.read_bytes() for path in _files(tmp_path))
    assert "startup complete" in log
    assert b"partner-0" in stored
    for secret in (OPERATOR_KEY, SECRET_KEY, *world.secrets):
        assert secret not in log
        assert secret.encode() not in stored


async def _misuse(stranger: httpx2.AsyncClient, secret: str) -> None:
    """Say a secret where it might be repeated: in a path, and wrongly as a key."""
    answers = [
        await stranger.post(f"/in/{secret}", content=b"[]"),
        await stranger.get(f"/v1/partners/{secret}", headers={"Authorization": f"Bearer {secret}x"}),
    ]
    for answer in answers:
        assert answer.status_code in {401, 404}
        assert secret not in answer.text


def _files(folder: Path) -> list[Path]:
    return list(folder.glob("handraiser.db*"))


def test_document_has_no_real_one() -> None:
    assert not re.search(r"hrk_[0-9A-Za-z]{36}|whsec_[0-9A-Za-z+/]{32}", str(DOCUMENT))
