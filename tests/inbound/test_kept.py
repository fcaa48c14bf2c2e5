"""Kept requests as people see them: a list stays small."""

import httpx2

from tests.api.calls import every
from tests.inbound.platforms import connect, deliver, of_json
from tests.support.service import Service


async def test_a_list_shows_the_beginning_of_a_body(service: Service, client: httpx2.AsyncClient) -> None:
    source = await connect(client, "postmark")
    post = of_json("postmark", {"RecordType": "x" * 20_000})
    await deliver(service, source, post)
    (listed,) = await every(client, f"/v1/sources/{source['id']}/requests")
    assert listed["body"] == post.body.decode()[:10_000]
    whole = (await client.get(f"/v1/sources/{source['id']}/requests/1")).json()
    assert whole["body"] == post.body.decode()
