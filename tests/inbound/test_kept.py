"""Kept requests as people see them: lists stay small, and show them whatever became of the source."""

import httpx2

from app import store
from app.db import open_database
from tests.api.calls import Json, every, is_problem
from tests.inbound.platforms import connect, deliver, of_json
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
