"""Idempotency-Key: what is created once stays created once, and the answer is the same."""

import asyncio
from uuid import uuid4

import httpx2
import pytest

from tests.api.calls import RUBRIC, client_of, every, is_problem, key_of, raise_hand
from tests.support.service import OPERATOR_KEY, Service

WEBHOOK = {"url": "https://crm.example/hooks", "types": ["handoff.opened"]}


async def create(client: httpx2.AsyncClient, key: str | None, **other: str) -> httpx2.Response:
    headers = httpx2.Headers({} if key is None else {"Idempotency-Key": key}, encoding="latin-1")
    return await client.post("/v1/webhooks", json=WEBHOOK | other, headers=headers)


async def test_repeated_gives_the_same_answer(client: httpx2.AsyncClient) -> None:
    first, second = [await create(client, "key-1") for _ in range(2)]
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert len(await every(client, "/v1/webhooks")) == 1


async def test_absent_creates_each_time(client: httpx2.AsyncClient) -> None:
    await asyncio.gather(create(client, None), create(client, None))
    assert len(await every(client, "/v1/webhooks")) == 2


async def test_other_body_is_refused(client: httpx2.AsyncClient) -> None:
    await create(client, "key-1")
    answer = await create(client, "key-1", url="https://other.example/")
    assert is_problem(answer, 422, "idempotency_mismatch")


async def test_other_route_is_refused(client: httpx2.AsyncClient) -> None:
    await create(client, "key-1")
    answer = await client.post(
        "/v1/keys", json={"name": "x", "scopes": ["read"]}, headers={"Idempotency-Key": "key-1"}
    )
    assert is_problem(answer, 422, "idempotency_mismatch")


async def test_quoted_or_bare(client: httpx2.AsyncClient) -> None:
    bare, quoted = await create(client, "key-1"), await create(client, '"key-1"')
    assert bare.content == quoted.content


@pytest.mark.parametrize("key", ["", '""', "x" * 256, f'"{"x" * 256}"', "caf\xe9", "a\tb"])
async def test_unusable_key(client: httpx2.AsyncClient, key: str) -> None:
    assert is_problem(await create(client, key), 400, "malformed")
    assert await every(client, "/v1/webhooks") == []


async def test_longest_key(client: httpx2.AsyncClient) -> None:
    assert (await create(client, "x" * 255)).status_code == 201


async def test_twenty_at_once_create_one(client: httpx2.AsyncClient) -> None:
    answers = await asyncio.gather(*(create(client, "key-1") for _ in range(20)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    created = {answer.content for answer in answers if answer.status_code == 201}
    assert len(created) == len(await every(client, "/v1/webhooks")) == 1


async def test_failure_is_not_kept(client: httpx2.AsyncClient) -> None:
    headers = {"Idempotency-Key": "key-1"}
    adjustment = {"points": 5, "reason": "asked for a demo"}
    missing = await client.post("/v1/partners/acme/adjustments", json=adjustment, headers=headers)
    await client.put("/v1/partners/acme", json={})
    found = await client.post("/v1/partners/acme/adjustments", json=adjustment, headers=headers)
    assert (missing.status_code, found.status_code) == (404, 201)


async def test_programs_do_not_share_keys(service: Service, client: httpx2.AsyncClient) -> None:
    async with client_of(service, await key_of(service, f"other-{uuid4().hex}")) as other:
        mine, theirs = await create(client, "key-1"), await create(other, "key-1")
        assert mine.json()["id"] != theirs.json()["id"]
        assert "idempotency-replayed" not in theirs.headers


async def test_operator_creates_a_program_once(service: Service) -> None:
    form = {"id": f"program-{uuid4().hex}", "name": "Acme"}
    headers = {"Idempotency-Key": uuid4().hex}
    async with client_of(service, OPERATOR_KEY) as operator:
        answers = [await operator.post("/v1/programs", json=form, headers=headers) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [201, 201]
        assert is_problem(await operator.post("/v1/programs", json=form), 409, "conflict")


async def test_every_post_that_creates_or_moves_honours_it(
    client: httpx2.AsyncClient, activated: int
) -> None:
    handoff = await raise_hand(client)
    await client.put("/v1/partners/part", json={})
    requests = {
        "/v1/rubrics": RUBRIC | {"name": "Second"},
        f"/v1/rubrics/{activated}/activate": {},
        "/v1/keys": {"name": "x", "scopes": ["read"]},
        "/v1/partners/batch": [{"id": "new"}],
        "/v1/partners/acme/adjustments": {"points": 5, "reason": "asked for a demo"},
        "/v1/partners/part/merge": {"into": "acme"},
        "/v1/partners/part/unmerge": {},
        f"/v1/handoffs/{handoff}/claim": {"by": "rep@vendor.example"},
        f"/v1/handoffs/{handoff}/release": {},
        f"/v1/handoffs/{handoff}/close": {"outcome": "accepted"},
    }
    for path, body in requests.items():
        headers = {"Idempotency-Key": path}
        first, second = [await client.post(path, json=body, headers=headers) for _ in range(2)]
        assert first.is_success, (path, first.text)
        assert (first.status_code, first.content) == (second.status_code, second.content), path
        assert second.headers.get("idempotency-replayed") == "true", path
