"""Secrets and URLs are changed without losing a request, and a source can rest."""

from datetime import timedelta

import httpx2
import pytest
import time_machine

from app import clock
from tests.api.calls import Json, is_problem
from tests.inbound.platforms import SAMPLES, connect, of_sample, send, signed
from tests.support.service import Service

POST = of_sample("mautic", SAMPLES["mautic/email_on_open"])


@pytest.fixture
async def source(client: httpx2.AsyncClient) -> Json:
    return await connect(client, "mautic")


async def status(service: Service, source: Json, secret: str | None = None) -> int:
    """What Mautic hears, that signs with this secret or the first."""
    return (await send(service, source, signed("mautic", POST, source["url"], secret))).status_code


async def rotated(client: httpx2.AsyncClient, source: Json, **form: bool) -> Json:
    answer = await client.post(f"/v1/sources/{source['id']}/rotate-key", json=form)
    made: Json = answer.raise_for_status().json()
    return made


async def test_two_secrets_are_good_at_once(
    service: Service, client: httpx2.AsyncClient, source: Json
) -> None:
    url, old = f"/v1/sources/{source['id']}", "mautic-secret"
    await client.patch(url, json={"secrets": ["new", old]})
    assert [await status(service, source, each) for each in ("new", old)] == [200, 200]
    await client.patch(url, json={"secrets": ["new"]})
    assert [await status(service, source, each) for each in ("new", old)] == [200, 401]


async def test_old_url_is_good_for_a_day(service: Service, client: httpx2.AsyncClient, source: Json) -> None:
    new = await rotated(client, source)
    assert [await status(service, each) for each in (source, new)] == [200, 200]
    with time_machine.travel(clock.now() + timedelta(hours=24, minutes=1), tick=True):
        assert [await status(service, each) for each in (source, new)] == [404, 200]


async def test_leaked_url_ends_at_once(service: Service, client: httpx2.AsyncClient, source: Json) -> None:
    new = await rotated(client, source, expire_previous=True)
    assert [await status(service, each) for each in (source, new)] == [404, 200]


async def test_disabled_and_enabled(service: Service, client: httpx2.AsyncClient, source: Json) -> None:
    new = await rotated(client, source)
    url = f"/v1/sources/{source['id']}"
    assert (await client.delete(url)).status_code == 204
    assert [await status(service, each) for each in (source, new)] == [404, 404]
    assert (await client.post(f"{url}/enable")).json()["disabled_at"] is None
    assert [await status(service, each) for each in (source, new)] == [200, 200]


async def test_two_people_do_not_overwrite_each_other(client: httpx2.AsyncClient, source: Json) -> None:
    url = f"/v1/sources/{source['id']}"
    seen = {"If-Match": (await client.get(url)).headers["etag"]}
    assert (await client.patch(url, json={"name": "One"}, headers=seen)).status_code == 200
    answer = await client.patch(url, json={"name": "Two"}, headers=seen)
    assert is_problem(answer, 412, "precondition_failed")
    assert (await client.get(url)).json()["name"] == "One"
