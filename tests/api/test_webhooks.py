"""Webhooks: the secret is shown once, addresses that could harm are refused, deliveries can be followed."""

import asyncio

import httpx2
import pytest
from svix.webhooks import Webhook

from tests.api.calls import Json, every, is_problem, raise_hand
from tests.support.receiver import Receiver

FORM: Json = {"url": "https://crm.example/hooks", "types": ["handoff.opened"], "description": "CRM"}


async def test_secret_is_shown_once(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/v1/webhooks", json=FORM)
    made = answer.json()
    assert answer.status_code == 201
    assert made["secret"].startswith("whsec_")
    Webhook(made["secret"])
    known = {name: value for name, value in made.items() if name != "secret"}
    assert (await client.get(f"/v1/webhooks/{made['id']}")).json() == known
    assert await every(client, "/v1/webhooks") == [known]


async def test_types_are_a_set(client: httpx2.AsyncClient) -> None:
    types = ["handoff.opened", "handoff.closed", "handoff.opened"]
    answer = await client.post("/v1/webhooks", json=FORM | {"types": types})
    assert answer.json()["types"] == ["handoff.closed", "handoff.opened"]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"types": []}, "types"),
        ({"types": ["handoff"]}, "types.0"),
        ({"types": "handoff.opened"}, "types"),
        ({"url": ""}, "url"),
        ({"url": "https://x.example/" + "a" * 2_000}, "url"),
        ({"description": "x" * 501}, "description"),
    ],
)
async def test_form_refused(client: httpx2.AsyncClient, change: Json, path: str) -> None:
    answer = await client.post("/v1/webhooks", json=FORM | change)
    assert is_problem(answer, 422, "invalid")
    assert path in [error["path"] for error in answer.json()["errors"]]


# The settings of the tests open 127.0.0.0/8 and nothing else.
@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://169.254.169.254/latest/meta-data",
            "https://10.0.0.1/",
            "https://192.168.1.1",
            "https://0.0.0.0/",
        ),
        *("https://[::1]/", "https://[::ffff:10.0.0.1]/", "https://[fe80::1]/", "https://[fe80::1%25eth0]/"),
        *(
            "https://[64:ff9b::a00:1]/",
            "https://2852039166/",
            "https://0xa9.0xfe.0xa9.0xfe/",
            "https://0251.0376.0251.0376/",
        ),
        *(
            "https://user:password@crm.example/",
            "ftp://crm.example/",
            "file:///etc/passwd",
            "crm.example/hooks",
        ),
        *(
            "https://crm.example/#fragment",
            "https://crm.example:0/",
            "https://crm.example:99999/",
            "https:///x",
        ),
        *(
            "https://crm.example\\@10.0.0.1/",
            "https://crm .example/",
            "https://\uff11\uff10.0.0.1/",
            "javascript:alert(1)",
        ),
    ],
)
async def test_address_refused(client: httpx2.AsyncClient, url: str) -> None:
    answer = await client.post("/v1/webhooks", json=FORM | {"url": url})
    assert is_problem(answer, 422, "invalid")
    assert [error["path"] for error in answer.json()["errors"]] == ["url"]
    assert await every(client, "/v1/webhooks") == []


async def test_deleted(client: httpx2.AsyncClient, activated: int) -> None:
    webhook = (await client.post("/v1/webhooks", json=FORM)).json()["id"]
    assert (await client.delete(f"/v1/webhooks/{webhook}")).status_code == 204
    assert is_problem(await client.get(f"/v1/webhooks/{webhook}"), 404, "not_found")
    assert is_problem(await client.delete(f"/v1/webhooks/{webhook}"), 404, "not_found")
    await raise_hand(client)
    assert await every(client, "/v1/deliveries") == []


async def test_delivered_and_followed(client: httpx2.AsyncClient, activated: int) -> None:
    async with Receiver("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA") as receiver:
        form = {"url": receiver.url, "types": ["handoff.opened", "handoff.claimed"]}
        made = (await client.post("/v1/webhooks", json=form)).json()
        receiver.secret = made["secret"]
        handoff = await raise_hand(client)
        await client.post(f"/v1/handoffs/{handoff}/claim", json={"by": "rep@vendor.example"})
        messages = await receiver.received(2)
        assert all(message.genuine for message in messages)
        found = await _finished(client, messages[0].id)
    assert (found["webhook"], found["type"], found["partner"]) == (made["id"], "handoff.opened", "acme")
    assert found["body"].encode() == messages[0].body
    assert [(each["n"], each["status"]) for each in found["tries"]] == [(1, 200)]
    delivered = await every(client, "/v1/deliveries", status="delivered", webhook=made["id"])
    assert messages[0].id in [each["id"] for each in delivered]


async def _finished(client: httpx2.AsyncClient, delivery: str) -> Json:
    """The delivery once it is settled, which comes after the receiver's answer."""
    async with asyncio.timeout(10):
        while True:
            found: Json = (await client.get(f"/v1/deliveries/{delivery}")).raise_for_status().json()
            if found["finished_at"]:
                return found
            await asyncio.sleep(0.02)


async def test_only_the_types_asked_for(client: httpx2.AsyncClient, activated: int) -> None:
    await client.post("/v1/webhooks", json={"url": "http://127.0.0.1:9/", "types": ["handoff.closed"]})
    await raise_hand(client)
    assert await every(client, "/v1/deliveries") == []
