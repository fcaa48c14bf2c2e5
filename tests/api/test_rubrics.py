"""Rubrics: stored as versions from JSON or YAML, checked with every error named, made active."""

from typing import Any

import httpx2
import pytest

from app.scoring.reading import rubric_schema
from tests.api.calls import (
    RUBRIC,
    Json,
    activate,
    ago,
    click,
    client_of,
    every,
    is_problem,
    post,
    raise_hand,
    score,
)
from tests.support.service import Service

YAML = """\
name: In YAML
rules:
  - id: click
    on: email.clicked
    points: 5
bands: {cold: 0, on: 25}
"""


async def store(client: httpx2.AsyncClient, rubric: Json | str) -> httpx2.Response:
    if isinstance(rubric, str):
        return await client.post("/v1/rubrics", content=rubric, headers={"Content-Type": "application/yaml"})
    return await client.post("/v1/rubrics", json=rubric)


async def test_stored_as_a_draft(client: httpx2.AsyncClient) -> None:
    answer = await store(client, RUBRIC)
    assert answer.status_code == 201
    rubric = answer.json()
    assert (rubric["version"], rubric["state"], rubric["name"]) == (1, "draft", "Contract")
    assert (rubric["stored_by"], rubric["activated_at"]) == ("tests", None)
    assert (await client.get("/v1/rubrics/1")).json() == rubric


async def test_yaml_says_the_same_as_json(client: httpx2.AsyncClient) -> None:
    in_yaml = (await store(client, YAML)).json()
    # In YAML 1.1 the key `on` would be a boolean.
    assert in_yaml["document"]["rules"][0]["on"] == "email.clicked"
    assert set(in_yaml["document"]["bands"]) == {"cold", "on"}
    rules = [{"id": "click", "on": "email.clicked", "points": 5}]
    in_json = await store(client, {"name": "In YAML", "rules": rules, "bands": {"cold": 0, "on": 25}})
    assert in_json.json()["version"] == in_yaml["version"]


@pytest.mark.parametrize("kind", ["application/x-yaml", "text/yaml", "application/yaml; charset=utf-8"])
async def test_yaml_by_its_other_names(client: httpx2.AsyncClient, kind: str) -> None:
    answer = await client.post("/v1/rubrics", content=YAML, headers={"Content-Type": kind})
    assert answer.status_code == 201


async def test_same_content_is_the_same_version(client: httpx2.AsyncClient) -> None:
    versions = [
        (await store(client, rubric)).json()["version"] for rubric in (RUBRIC, RUBRIC | {"name": "B"}, RUBRIC)
    ]
    assert versions == [1, 2, 1]


FAULTS: list[tuple[Any, str]] = [
    ({"rules": [{"id": "a", "on": "a.b", "points": "5"}]}, "rules.0.points"),
    ({"rules": [{"id": "a", "on": "A", "points": 5}]}, "rules.0.on"),
    ({"rules": [{"id": "a", "on": "a.b", "points": 5, "weight": 1}]}, "rules.0.weight"),
    ({"rules": [{"id": "a", "on": "a.b", "points": 5, "group": "none"}]}, "rules.0.group"),
    ({"rules": [{"id": "a", "on": "a.b", "points": 5, "where": {"x": {"like": 1}}}]}, "rules.0.where.x.like"),
    ({"fade": {"half_life_days": 0}}, "fade.half_life_days"),
    ({"time_zone": "Mars/Olympus"}, "time_zone"),
    ({"handoff": {"at": 25, "rearm_below": 30}}, "handoff.rearm_below"),
    ({"name": None}, "name"),
    ({"scores": 1}, "scores"),
]


@pytest.mark.parametrize(("fault", "path"), FAULTS, ids=lambda value: str(value)[:40])
async def test_fault_is_named_by_its_path(client: httpx2.AsyncClient, fault: Json, path: str) -> None:
    for route in ("/v1/rubrics", "/v1/rubrics/check"):
        answer = await client.post(route, json=RUBRIC | fault)
        assert is_problem(answer, 422, "rubric_invalid")
        assert path in [error["path"] for error in answer.json()["errors"]]


async def test_every_fault_at_once(client: httpx2.AsyncClient) -> None:
    answer = await store(client, {"name": 7, "rules": [{"id": "a", "on": "A", "points": "x"}], "more": 1})
    paths = {error["path"] for error in answer.json()["errors"]}
    assert {"name", "rules.0.on", "rules.0.points", "more"} <= paths


@pytest.mark.parametrize(
    "body", ["name: [", "a: 1\na: 2", "- 1", "", "x: !!python/object:os.system {}", "a: \x00"]
)
async def test_what_is_no_yaml_rubric(client: httpx2.AsyncClient, body: str) -> None:
    answer = await store(client, body)
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("body", "status"), [(b"[]", 400), (b"{", 400), (b'{"a": 1, "a": 2}', 400), (b"", 400)]
)
async def test_what_is_no_json_rubric(client: httpx2.AsyncClient, body: bytes, status: int) -> None:
    answer = await client.post("/v1/rubrics", content=body, headers={"Content-Type": "application/json"})
    assert is_problem(answer, status, "malformed")


async def test_other_content_type(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/v1/rubrics", content=b"x", headers={"Content-Type": "text/plain"})
    assert is_problem(answer, 415, "unsupported_media_type")


async def test_check_stores_nothing(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/v1/rubrics/check", json=RUBRIC)
    assert (answer.status_code, answer.json()["valid"]) == (200, True)
    assert await every(client, "/v1/rubrics") == []


async def test_schema_is_public(service: Service) -> None:
    async with client_of(service) as stranger:
        answer = await stranger.get("/v1/rubrics/schema")
    assert answer.headers["content-type"] == "application/schema+json"
    assert answer.json() == rubric_schema()


async def test_list_newest_first_and_the_active_one(client: httpx2.AsyncClient) -> None:
    for name in ("A", "B", "C"):
        await store(client, RUBRIC | {"name": name})
    assert is_problem(await client.get("/v1/rubrics/active"), 404, "not_found")
    for version in (1, 2):
        await client.post(f"/v1/rubrics/{version}/activate")
    found = [(each["version"], each["state"]) for each in await every(client, "/v1/rubrics")]
    assert found == [(3, "draft"), (2, "active"), (1, "superseded")]
    active = (await client.get("/v1/rubrics/active")).json()
    assert (active["version"], active["activated_by"]) == (2, "tests")


@pytest.mark.parametrize(("version", "status"), [("7", 404), ("0", 422), ("99999999999", 422), ("new", 422)])
async def test_activate_what_is_not_there(client: httpx2.AsyncClient, version: str, status: int) -> None:
    assert (await client.post(f"/v1/rubrics/{version}/activate")).status_code == status


async def test_activation_prices_the_past(client: httpx2.AsyncClient, activated: int) -> None:
    await post(client, click("1", occurred_at=ago(days=3)), click("2", type="page.viewed"))
    rules = [
        {"id": "click", "on": "email.clicked", "points": 7},
        {"id": "page", "on": "page.viewed", "points": 2},
    ]
    await activate(client, RUBRIC | {"rules": rules})
    assert await score(client) == 9.0
    assert (await client.get("/v1/partners/acme")).json()["score"] == 9.0


async def test_activation_again_changes_nothing(client: httpx2.AsyncClient, activated: int) -> None:
    await raise_hand(client)
    await client.post(f"/v1/rubrics/{activated}/activate")
    assert await score(client) == 30.0
    assert len(await every(client, "/v1/handoffs")) == 1


@pytest.mark.parametrize(
    ("how", "opened"), [(None, 0), ({}, 0), ({"open_handoffs": False}, 0), ({"open_handoffs": True}, 1)]
)
async def test_handoffs_for_the_past_only_if_asked_for(
    client: httpx2.AsyncClient, how: Json | None, opened: int
) -> None:
    await activate(client, {**RUBRIC, "handoff": None})
    await post(client, click(type="tradeshow.attended"), click("2", partner="cool"))
    version = (await store(client, RUBRIC)).json()["version"]
    await client.post(f"/v1/rubrics/{version}/activate", json=how)
    handoffs = await every(client, "/v1/handoffs")
    assert [each["partner"]["id"] for each in handoffs] == ["acme"] * opened
