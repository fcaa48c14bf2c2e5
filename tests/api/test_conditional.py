"""ETags: what has not changed is not sent again, and two people do not overwrite each other."""

import httpx2
import pytest

from tests.api.calls import click, client_of, is_problem, post
from tests.api.world import World
from tests.support.service import Service

READ = [
    *("/v1/events", "/v1/events/parked", "/v1/partners", "/v1/scores", "/v1/rubrics", "/v1/handoffs"),
    *("/v1/webhooks", "/v1/sources", "/v1/keys", "/v1/rubrics/active", "/v1/rubrics/{version}"),
    *("/v1/partners/{partner}", "/v1/partners/{partner}/score", "/v1/partners/{partner}/score/history"),
    *("/v1/contacts/{contact}", "/v1/handoffs/{handoff}", "/v1/webhooks/{webhook}", "/v1/sources/{source}"),
]


@pytest.mark.parametrize("path", READ)
async def test_not_modified(service: Service, world: World, path: str) -> None:
    async with client_of(service, world.key) as client:
        first = await client.get(path.format(**world.ids))
        tag = first.headers["etag"]
        assert tag.startswith('"')
        for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            again = await client.get(path.format(**world.ids), headers={"If-None-Match": known})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        other = await client.get(path.format(**world.ids), headers={"If-None-Match": '"other"'})
        assert (other.status_code, other.content) == (200, first.content)


async def test_change_gives_another_tag(client: httpx2.AsyncClient, activated: int) -> None:
    await client.put("/v1/partners/acme", json={})
    tags = [(await client.get("/v1/partners/acme")).headers["etag"]]
    await post(client, click())
    tags.append((await client.get("/v1/partners/acme")).headers["etag"])
    assert tags[0] != tags[1]


async def test_write_is_never_not_modified(client: httpx2.AsyncClient) -> None:
    tag = (await client.put("/v1/partners/acme", json={"name": "Acme"})).headers["etag"]
    for method in ("PUT", "PATCH"):
        answer = await client.request(
            method, "/v1/partners/acme", json={"name": "Acme"}, headers={"If-None-Match": f"*, {tag}"}
        )
        assert (answer.status_code, answer.json()["name"]) == (200, "Acme")


@pytest.mark.parametrize("path", ["/v1/partners/acme", "/v1/contacts/jo"])
async def test_second_of_two_updates_is_refused(client: httpx2.AsyncClient, path: str) -> None:
    tag = (await client.put(path, json={"name": "First"})).headers["etag"]
    answers = [
        await client.put(path, json={"name": name}, headers={"If-Match": tag}) for name in ("Second", "Third")
    ]
    assert answers[0].status_code == 200
    assert is_problem(answers[1], 412, "precondition_failed")
    assert (await client.get(path)).json()["name"] == "Second"


@pytest.mark.parametrize(
    ("tag", "status"), [("*", 200), ('"other"', 412), ('"other", {tag}', 200), ("W/{tag}", 412)]
)
async def test_if_match(client: httpx2.AsyncClient, tag: str, status: int) -> None:
    current = (await client.put("/v1/partners/acme", json={})).headers["etag"]
    headers = {"If-Match": tag.format(tag=current)}
    answer = await client.patch("/v1/partners/acme", json={"name": "New"}, headers=headers)
    assert answer.status_code == status


async def test_etag_of_a_write_is_that_of_a_read(client: httpx2.AsyncClient) -> None:
    written = await client.put("/v1/partners/acme", json={"attributes": {"employees": 40}})
    assert written.headers["etag"] == (await client.get("/v1/partners/acme")).headers["etag"]
