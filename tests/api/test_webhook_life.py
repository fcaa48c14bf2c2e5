"""The life of a webhook over HTTP: changed, tested, rotated, disabled, enabled."""

import json

import httpx2
import pytest

from tests.api.calls import Json, every, is_problem, raise_hand
from tests.api.hooks import call, comes_to, listening
from tests.support.receiver import answer

FORM: Json = {"url": "https://crm.example/hooks", "types": ["handoff.opened"], "description": "CRM"}


@pytest.fixture
async def made(client: httpx2.AsyncClient) -> Json:
    return await call(client, "/v1/webhooks", **FORM, headers={"X-Token": "s3cret-value"})


async def test_what_is_named_changes(client: httpx2.AsyncClient, made: Json) -> None:
    change = {"types": ["test.ping"], "format": "slack", "max_in_flight": 1, "per_second": 5, "ordered": True}
    path = f"/v1/webhooks/{made['id']}"
    changed = (await client.patch(path, json=change)).raise_for_status().json()
    assert changed == {name: value for name, value in made.items() if name != "secret"} | change
    assert (await client.get(path)).json() == changed
    cleared = (await client.patch(path, json={"description": None})).json()
    assert cleared == changed | {"description": None}


async def test_headers_change_one_by_one_and_never_show(client: httpx2.AsyncClient, made: Json) -> None:
    path = f"/v1/webhooks/{made['id']}"
    added = await client.patch(path, json={"headers": {"X-Other": "other-value"}})
    assert sorted(added.json()["headers"]) == ["X-Other", "X-Token"]
    kept = await client.patch(path, json={"headers": {"x-token": None}})
    assert kept.json()["headers"] == ["X-Other"]
    assert "s3cret" not in added.text + kept.text


async def test_headers_go_along(client: httpx2.AsyncClient, activated: int) -> None:
    async with listening(client, headers={"Authorization": "Bearer theirs"}) as (receiver, _):
        await raise_hand(client)
        [message] = await receiver.received(1)
    assert message.headers["authorization"] == "Bearer theirs"
    assert message.genuine


@pytest.mark.parametrize(("format_", "part"), [("slack", "blocks"), ("teams", "attachments")])
async def test_a_chat_gets_a_card(
    client: httpx2.AsyncClient, activated: int, format_: str, part: str
) -> None:
    async with listening(client, format=format_) as (receiver, _):
        await raise_hand(client)
        [message] = await receiver.received(1)
    assert part in json.loads(message.body)
    assert message.genuine


@pytest.mark.parametrize(
    "header",
    [
        *({"Host": "x"}, {"webhook-id": "x"}, {"Content-Type": "x"}, {"Connection": "close"}, {"a b": "x"}),
        *({"": "x"}, {"X": ""}, {"X": "a\r\nb: c"}, {"X": " padded"}, {"X": "ü"}, {"X": "x" * 4001}),
        {f"X-{n}": "x" for n in range(21)},
    ],
)
async def test_headers_refused(client: httpx2.AsyncClient, made: Json, header: Json) -> None:
    for response in (
        await client.post("/v1/webhooks", json=FORM | {"headers": header}),
        await client.patch(f"/v1/webhooks/{made['id']}", json={"headers": header}),
    ):
        assert is_problem(response, 422, "invalid")
        assert all(error["path"].startswith("headers") for error in response.json()["errors"])


@pytest.mark.parametrize(
    "change",
    [
        *({"types": []}, {"url": "http://169.254.169.254/"}, {"url": None}, {"max_in_flight": 0}),
        *({"per_second": 0}, {"max_in_flight": 101}, {"format": "xml"}, {"enabled": False}, {"secret": "x"}),
    ],
)
async def test_change_refused(client: httpx2.AsyncClient, made: Json, change: Json) -> None:
    path = f"/v1/webhooks/{made['id']}"
    before = (await client.get(path)).json()
    assert is_problem(await client.patch(path, json=change), 422, "invalid")
    assert (await client.get(path)).json() == before


async def test_of_two_who_change_the_same_version_one_is_told(client: httpx2.AsyncClient, made: Json) -> None:
    path = f"/v1/webhooks/{made['id']}"
    seen = {"If-Match": (await client.get(path)).headers["etag"]}
    first = await client.patch(path, json={"description": "mine"}, headers=seen)
    second = await client.patch(path, json={"description": "yours"}, headers=seen)
    assert (first.status_code, second.status_code) == (200, 412)
    assert (await client.get(path)).json()["description"] == "mine"


async def test_a_changed_url_is_for_what_is_owed_too(client: httpx2.AsyncClient, activated: int) -> None:
    made = await call(client, "/v1/webhooks", url="http://127.0.0.1:9/", types=["handoff.opened"])
    await raise_hand(client)
    [owed] = await every(client, "/v1/deliveries")
    await comes_to(client, f"/v1/deliveries/{owed['id']}", attempts=1)
    async with listening(client) as (receiver, _):
        receiver.secret = made["secret"]
        await client.patch(f"/v1/webhooks/{made['id']}", json={"url": receiver.url})
        await call(client, f"/v1/deliveries/{owed['id']}/retry")
        assert (await receiver.received(1))[0].id == owed["id"]


async def test_a_rotated_secret_signs_beside_the_old_one(client: httpx2.AsyncClient) -> None:
    async with listening(client) as (receiver, webhook):
        old = receiver.secret
        new = (await call(client, f"/v1/webhooks/{webhook}/rotate-secret"))["secret"]
        assert new != old
        for secret in (old, new):
            receiver.secret = secret
            await call(client, f"/v1/webhooks/{webhook}/test")
            assert (await receiver.received(len(receiver.messages) + 1))[-1].genuine
    [newest, oldest] = (await client.get(f"/v1/webhooks/{webhook}")).json()["secrets"]
    assert (newest["expires_at"], oldest["expires_at"] is None) == (None, False)


async def test_a_leaked_secret_is_ended_at_once(client: httpx2.AsyncClient) -> None:
    async with listening(client) as (receiver, webhook):
        await call(client, f"/v1/webhooks/{webhook}/rotate-secret", expire_previous=True)
        await call(client, f"/v1/webhooks/{webhook}/test")
        assert not (await receiver.received(1))[0].genuine
    assert len((await client.get(f"/v1/webhooks/{webhook}")).json()["secrets"]) == 1


async def test_three_secrets_sign_at_most(client: httpx2.AsyncClient, made: Json) -> None:
    for _ in range(4):
        await call(client, f"/v1/webhooks/{made['id']}/rotate-secret")
    assert len((await client.get(f"/v1/webhooks/{made['id']}")).json()["secrets"]) == 3


async def test_rotating_again_by_mistake(client: httpx2.AsyncClient, made: Json) -> None:
    path, once = f"/v1/webhooks/{made['id']}/rotate-secret", {"Idempotency-Key": "rotate-1"}
    first, second = [(await client.post(path, headers=once)).json() for _ in range(2)]
    assert first == second
    assert len((await client.get(f"/v1/webhooks/{made['id']}")).json()["secrets"]) == 2


async def test_an_ed25519_key_stays_one_when_rotated(client: httpx2.AsyncClient) -> None:
    async with listening(client, signature="v1a") as (receiver, webhook):
        assert receiver.secret.startswith("whpk_")
        shown = (await client.get(f"/v1/webhooks/{webhook}")).json()["secrets"]
        assert [each["verification_key"] for each in shown] == [receiver.secret]
        receiver.secret = (await call(client, f"/v1/webhooks/{webhook}/rotate-secret"))["secret"]
        await call(client, f"/v1/webhooks/{webhook}/test")
        [message] = await receiver.received(1)
    assert message.genuine
    assert [each[:4] for each in message.headers["webhook-signature"].split()] == ["v1a,", "v1a,"]


async def test_a_ping_is_tried_once_even_if_disabled(client: httpx2.AsyncClient) -> None:
    async with listening(client) as (receiver, webhook):
        await call(client, f"/v1/webhooks/{webhook}/disable")
        receiver.always = answer(500)
        ping = await call(client, f"/v1/webhooks/{webhook}/test")
        found = await comes_to(client, f"/v1/deliveries/{ping['id']}", status="dead")
    assert (found["type"], found["webhook"], found["attempts"]) == ("test.ping", webhook, 1)
    assert [each["status"] for each in found["tries"]] == [500]


async def test_a_ping_is_guarded_like_all(client: httpx2.AsyncClient) -> None:
    made = await call(client, "/v1/webhooks", url="https://localhost/", types=["test.ping"])
    ping = await call(client, f"/v1/webhooks/{made['id']}/test")
    found = await comes_to(client, f"/v1/deliveries/{ping['id']}", status="dead")
    assert found["tries"][0]["status"] is None


async def test_disabled_then_enabled_says_who_and_why(client: httpx2.AsyncClient, made: Json) -> None:
    path = f"/v1/webhooks/{made['id']}"
    disabled = await call(client, f"{path}/disable", reason="maintenance")
    assert (disabled["enabled"], disabled["disabled_by"], disabled["disabled_reason"]) == (
        False,
        "tests",
        "maintenance",
    )
    assert (await client.get(f"{path}/health")).json()["status"] == "disabled"
    enabled = await call(client, f"{path}/enable")
    assert enabled == {name: value for name, value in made.items() if name != "secret"}
    assert (await client.get(f"{path}/health")).json()["status"] == "healthy"


async def test_the_others_hear_that_one_was_disabled(client: httpx2.AsyncClient, made: Json) -> None:
    async with listening(client, types=["webhook.disabled"]) as (receiver, other):
        await call(client, f"/v1/webhooks/{made['id']}/disable", reason="moved")
        [message] = await receiver.received(1)
        assert json.loads(message.body)["data"]["id"] == made["id"]
        await call(client, f"/v1/webhooks/{other}/disable")
    # None of itself.
    assert len(await every(client, "/v1/deliveries", webhook=other)) == 1


async def test_health_counts_what_waits(client: httpx2.AsyncClient, activated: int) -> None:
    async with listening(client) as (receiver, webhook):
        receiver.always = answer(500)
        await raise_hand(client)
        path = f"/v1/webhooks/{webhook}/health"
        health = await comes_to(client, path, status="failing")
    assert (health["owed"], health["held"], health["dead"]) == (1, 0, 0)
    assert health["failing_since"] < health["disables_at"]
    assert health["warned_at"] is None
