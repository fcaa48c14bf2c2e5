"""Partners: created, replaced, changed, archived, in batches; merged, and un-merged without a trace."""

from typing import Any

import httpx2
import pytest

from tests.api.calls import Json, ago, click, every, is_problem, post, raise_hand, score

FORM: Json = {
    "name": "Acme GmbH",
    "domains": ["acme.example", "acme.test"],
    "owner": "rep@vendor.example",
    "attributes": {"employees": 40, "region": "EMEA"},
}


async def partner(client: httpx2.AsyncClient, id_: str = "acme") -> Json:
    found: Json = (await client.get(f"/v1/partners/{id_}")).raise_for_status().json()
    return found


async def test_put_creates_then_replaces(client: httpx2.AsyncClient, activated: int) -> None:
    created = await client.put("/v1/partners/acme", json=FORM)
    assert created.status_code == 201
    assert FORM.items() <= created.json().items()
    assert (created.json()["score"], created.json()["grade"], created.json()["armed"]) == (0.0, "A", True)
    replaced = await client.put("/v1/partners/acme", json={"name": "Acme"})
    assert replaced.status_code == 200
    assert (replaced.json()["domains"], replaced.json()["owner"], replaced.json()["attributes"]) == (
        [],
        None,
        {},
    )
    assert replaced.json() == await partner(client)


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        ({}, {}),
        ({"name": "Acme"}, {"name": "Acme"}),
        ({"name": None}, {"name": None}),
        ({"domains": ["new.example"]}, {"domains": ["new.example"]}),
        ({"attributes": {"employees": 55}}, {"attributes": {"employees": 55, "region": "EMEA"}}),
        ({"attributes": {"region": None, "tier": 1}}, {"attributes": {"employees": 40, "tier": 1}}),
    ],
)
async def test_patch_changes_what_is_sent(client: httpx2.AsyncClient, change: Json, changed: Json) -> None:
    await client.put("/v1/partners/acme", json=FORM)
    answer = await client.patch("/v1/partners/acme", json=change)
    assert (FORM | changed).items() <= answer.json().items()


async def test_patch_does_not_grow_beyond_the_limits(client: httpx2.AsyncClient) -> None:
    await client.put("/v1/partners/acme", json={"attributes": {str(n): n for n in range(1_000)}})
    answer = await client.patch("/v1/partners/acme", json={"attributes": {"one more": 1}})
    assert is_problem(answer, 422, "invalid")
    assert answer.json()["errors"][0]["path"] == "attributes"


async def test_patch_does_not_create(client: httpx2.AsyncClient) -> None:
    assert is_problem(await client.patch("/v1/partners/acme", json={"name": "x"}), 404, "not_found")


@pytest.mark.parametrize(
    ("form", "path"),
    [
        ({"domains": ["no dot"]}, "domains.0"),
        ({"domains": ["a@b.example"]}, "domains.0"),
        ({"domains": ["x.example"] * 101}, "domains"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\x00"}, "name"),
        ({"attributes": {"a": {"b\x00": 1}}}, "attributes"),
        ({"attributes": {"a": 2**53}}, "attributes"),
    ],
)
async def test_put_refuses(client: httpx2.AsyncClient, form: Json, path: str) -> None:
    answer = await client.put("/v1/partners/acme", json=form)
    assert is_problem(answer, 422, "invalid")
    assert [error["path"] for error in answer.json()["errors"]] == [path]


async def test_event_creates_its_partner(client: httpx2.AsyncClient) -> None:
    await post(client, click(partner="new one"))
    assert [each["id"] for each in await every(client, "/v1/partners")] == ["new one"]


@pytest.mark.parametrize("id_", ["Zürich €", "a b", "a?b", "a/b", "50%", "é" * 255])
async def test_any_text_is_an_id(client: httpx2.AsyncClient, id_: str) -> None:
    await client.put(f"/v1/partners/{_quoted(id_)}", json={})
    assert (await partner(client, _quoted(id_)))["id"] == id_


def _quoted(id_: str) -> str:
    return "".join(f"%{byte:02X}" for byte in id_.encode())


async def test_batch(client: httpx2.AsyncClient) -> None:
    await client.put("/v1/partners/old", json={})
    items: list[Any] = [
        {"id": "new", **FORM},
        {"id": "old"},
        {"id": "bad", "domains": 7},
        {"id": "", "name": "x"},
        7,
        {"id": "typo", "nmae": "x"},
    ]
    results = (await client.post("/v1/partners/batch", json=items)).json()["results"]
    statuses = ["created", "replaced", "rejected", "rejected", "rejected", "rejected"]
    assert [each["status"] for each in results] == statuses
    assert [each["id"] for each in results] == ["new", "old", "bad", "", None, "typo"]
    assert results[5]["errors"] == [{"path": "nmae", "message": "is not a field here"}]
    assert {each["id"] for each in await every(client, "/v1/partners")} == {"new", "old"}


@pytest.mark.parametrize(("count", "status"), [(0, 200), (1_000, 200), (1_001, 413)])
async def test_size_of_a_batch(client: httpx2.AsyncClient, count: int, status: int) -> None:
    answer = await client.post("/v1/partners/batch", json=[{"id": f"p{n}"} for n in range(count)])
    assert answer.status_code == status


async def test_last_of_a_batch_wins(client: httpx2.AsyncClient) -> None:
    await client.post("/v1/partners/batch", json=[{"id": "acme", "name": "a"}, {"id": "acme", "name": "b"}])
    assert (await partner(client))["name"] == "b"


async def test_archived_leaves_the_lists_and_opens_nothing(
    client: httpx2.AsyncClient, activated: int
) -> None:
    await client.put("/v1/partners/acme", json=FORM)
    assert (await client.delete("/v1/partners/acme")).status_code == 204
    assert await raise_hand(client) is None
    assert await every(client, "/v1/partners") == []
    assert ((await partner(client))["archived"], (await partner(client))["score"]) == (True, 30.0)


async def test_put_brings_an_archived_one_back(client: httpx2.AsyncClient) -> None:
    await client.put("/v1/partners/acme", json=FORM)
    await client.delete("/v1/partners/acme")
    await client.put("/v1/partners/acme", json=FORM)
    assert [each["archived"] for each in await every(client, "/v1/partners")] == [False]


async def test_domain_attributes_and_unparks(client: httpx2.AsyncClient, activated: int) -> None:
    await post(client, click(partner=None, contact="Jo@ACME.example", occurred_at=ago(days=3)))
    await client.put("/v1/partners/acme", json=FORM)
    (later,) = await post(client, click("evt-2", partner=None, contact="mo@acme.test"))
    assert (later["partner"], later["score"]) == ("acme", 10.0)
    assert await every(client, "/v1/events/parked") == []


@pytest.mark.parametrize("domain", ["gmail.com", "shared.example"])
async def test_domain_that_says_nothing(client: httpx2.AsyncClient, domain: str) -> None:
    await client.put("/v1/partners/acme", json={"domains": [domain]})
    await client.put("/v1/partners/other", json={"domains": ["shared.example"]})
    (result,) = await post(client, click(partner=None, contact=f"jo@{domain}"))
    assert result["status"] == "parked"


async def merge(client: httpx2.AsyncClient, partner: str, into: str) -> httpx2.Response:
    return await client.post(f"/v1/partners/{partner}/merge", json={"into": into})


async def test_merge_and_unmerge(client: httpx2.AsyncClient, activated: int) -> None:
    await post(client, click("1"), click("2", partner="part"), click("3", partner="part"))
    before = [await partner(client, id_) for id_ in ("acme", "part")]
    merged = await merge(client, "part", "acme")
    assert (merged.status_code, merged.json()["merged_into"]) == (200, "acme")
    assert await score(client) == 15.0
    assert (await client.get("/v1/partners/part/score")).json()["partner"] == "acme"
    assert [each["id"] for each in await every(client, "/v1/partners")] == ["acme"]
    await client.post("/v1/partners/part/unmerge")
    for known, id_ in zip(before, ("acme", "part"), strict=True):
        after = await partner(client, id_)
        assert {**after, "updated_at": known["updated_at"]} == known


async def test_events_of_a_merged_partner_count_for_the_other(
    client: httpx2.AsyncClient, activated: int
) -> None:
    await client.post("/v1/partners/batch", json=[{"id": "acme"}, {"id": "part"}])
    await merge(client, "part", "acme")
    (result,) = await post(client, click(partner="part"))
    assert (result["partner"], result["score"]) == ("acme", 5.0)
    (event,) = await every(client, "/v1/events", partner="acme")
    assert event["partner"] == "part"
    await client.post("/v1/partners/part/unmerge")
    assert [await score(client, id_) for id_ in ("acme", "part")] == [0.0, 5.0]


async def test_merges_in_a_chain(client: httpx2.AsyncClient, activated: int) -> None:
    await post(client, *(click(id_, partner=id_) for id_ in "abc"))
    await merge(client, "a", "b")
    await merge(client, "b", "c")
    assert await score(client, "c") == 15.0
    await client.post("/v1/partners/b/unmerge")
    assert [await score(client, id_) for id_ in "bc"] == [10.0, 5.0]


async def test_merge_takes_the_handoff_along(client: httpx2.AsyncClient, activated: int) -> None:
    await client.put("/v1/partners/acme", json={})
    handoff = await raise_hand(client, "part")
    await merge(client, "part", "acme")
    (moved,) = await every(client, "/v1/handoffs")
    assert (moved["id"], moved["partner"]["id"], moved["state"]) == (handoff, "acme", "open")


async def test_merge_of_two_raised_hands_leaves_one(client: httpx2.AsyncClient, activated: int) -> None:
    handoffs = {await raise_hand(client, id_): id_ for id_ in ("acme", "part")}
    await merge(client, "part", "acme")
    states = {handoffs[each["id"]]: each["outcome"] for each in await every(client, "/v1/handoffs")}
    assert states == {"acme": None, "part": "withdrawn"}


@pytest.mark.parametrize(
    ("part", "into", "status"),
    [("a", "a", 409), ("a", "none", 404), ("none", "a", 404), ("merged", "b", 409), ("a", "merged", 409)],
)
async def test_merge_that_makes_no_sense(
    client: httpx2.AsyncClient, part: str, into: str, status: int
) -> None:
    await client.post("/v1/partners/batch", json=[{"id": id_} for id_ in ("a", "b", "merged")])
    await merge(client, "merged", "a")
    assert (await merge(client, part, into)).status_code == status


async def test_unmerge_of_what_is_not_merged(client: httpx2.AsyncClient) -> None:
    await client.put("/v1/partners/acme", json={})
    assert is_problem(await client.post("/v1/partners/acme/unmerge"), 409, "conflict")
