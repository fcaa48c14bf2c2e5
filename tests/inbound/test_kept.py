"""Sources and their kept requests as people see them: lists stay small, and notes are few."""

from datetime import datetime, timedelta

import httpx2
import pytest

from app import clock, store
from app.db import open_database
from tests.api.calls import Json, every, is_problem
from tests.inbound.platforms import connect, deliver, of_json, send
from tests.support.mappings import ITEM, MINIMAL
from tests.support.service import Service


async def change(service: Service, source: Json, **values: object) -> None:
    """Change what is stored of a source, as nobody could through the API."""
    database = open_database(service.settings)
    await database.write(lambda connection: store.sources.change(connection, source["id"], values))
    await database.close()


async def test_a_list_shows_the_beginning_of_a_body(service: Service, client: httpx2.AsyncClient) -> None:
    source = await connect(client, "postmark")
    post = of_json("postmark", {"RecordType": "x" * 20_000})
    await deliver(service, source, post)
    (listed,) = await every(client, f"/v1/sources/{source['id']}/requests")
    assert listed["body"] == post.body.decode()[:10_000]
    whole = (await client.get(f"/v1/sources/{source['id']}/requests/1")).json()
    assert whole["body"] == post.body.decode()


async def test_a_mapping_that_is_good_no_more(service: Service, client: httpx2.AsyncClient) -> None:
    """The platform is to come again, and what came before can be looked at."""
    source = await connect(client, "mapping", mapping=MINIMAL)
    await deliver(service, source, of_json("mapping", ITEM))
    await change(service, source, mapping="name: M")
    assert is_problem(await deliver(service, source, of_json("mapping", ITEM)), 429, "overloaded")
    for path in ("requests", "requests/1"):
        assert (await client.get(f"/v1/sources/{source['id']}/{path}")).status_code == 200


@pytest.mark.parametrize(("age", "noted"), [(30, False), (90, True)])
async def test_bad_signatures_are_noted_once_a_minute(
    service: Service, client: httpx2.AsyncClient, age: int, *, noted: bool
) -> None:
    """Or whoever has the URL could have us write as often as they like."""
    source = await connect(client, "mautic")
    before = clock.now() - timedelta(seconds=age)
    await change(service, source, unverified_at=before)
    assert is_problem(await send(service, source, of_json("mautic", {})), 401, "unauthenticated")
    after = (await client.get(f"/v1/sources/{source['id']}")).json()["unverified_at"]
    assert (datetime.fromisoformat(after) > before + timedelta(seconds=1)) is noted
