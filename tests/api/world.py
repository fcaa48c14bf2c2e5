"""A program with something of everything in it, for tests that only read."""

from dataclasses import dataclass

import httpx2

from tests.api.calls import RUBRIC, activate, click, client_of, every, key_of, post, raise_hand
from tests.support.service import Service

EACH = 3
"""How many there are of what can be listed."""


@dataclass(frozen=True)
class World:
    """A program, an admin's key of it, and the id of one thing of each kind, by its name in paths."""

    program: str
    key: str
    ids: dict[str, str]
    secrets: list[str]


async def populate(service: Service, program: str) -> World:
    """Make the program."""
    key = await key_of(service, program)
    async with client_of(service, key) as client:
        made = [await _make(client, n) for n in range(EACH)]
        secrets = [key, *(secret for each in made for secret in each)]
        handoffs = await every(client, "/v1/handoffs")
        ids = {
            "partner": "partner-0",
            "contact": "contact-0",
            "source": (await every(client, "/v1/sources"))[0]["id"],
            "id_": "show-partner-0",
            "version": "1",
            "old": "1",
            "new": "1",
            "side": "entering",
            "handoff": handoffs[0]["id"],
            "email": "rep-0@vendor.example",
            "webhook": (await every(client, "/v1/webhooks"))[0]["id"],
            "n": "1",
            "delivery": (await every(client, "/v1/deliveries"))[0]["id"],
            "key": (await every(client, "/v1/keys"))[-1]["id"],
        }
    return World(program, key, ids, secrets)


async def _make(client: httpx2.AsyncClient, n: int) -> list[str]:
    """One of everything; the secrets that were shown."""
    if n == 0:
        await activate(client)
        await client.post("/v1/rubrics/1/preview")
    else:
        await client.post("/v1/rubrics", json=RUBRIC | {"name": f"Version {n + 1}"})
    types = ["handoff.opened" if n == 0 else "rubric.activated"]
    webhook = await client.post("/v1/webhooks", json={"url": "http://127.0.0.1:9/", "types": types})
    await client.post(f"/v1/webhooks/{webhook.json()['id']}/replay")
    form = {"kind": "segment", "name": f"Source {n}", "secrets": [f"write-key-{n}"]}
    source = await client.post("/v1/sources", json=form)
    for _ in range(EACH):
        wrong = {"type": "nothing", "writeKey": f"write-key-{n}"}
        await client.post(f"/in/{source.json()['key']}", json=wrong, headers={"Authorization": ""})
    key = await client.post("/v1/keys", json={"name": f"key {n}", "scopes": ["read"]})
    await client.put(
        f"/v1/partners/partner-{n}",
        json={"name": f"Partner {n % 2}", "domains": [f"partner-{n}.example"], "owner": "rep@vendor.example"},
    )
    await client.put(f"/v1/reps/rep-{n}@vendor.example", json={"name": f"Rep {n}"})
    await client.put(
        f"/v1/contacts/contact-{n}",
        json={"partner": f"partner-{n}", "name": f"Jo {n}", "aliases": [f"alias-{n}"]},
    )
    await raise_hand(client, f"partner-{n}", contact=f"contact-{n}")
    await post(client, click(f"parked-{n}", partner=None, contact=f"jo-{n}@nobody.example"))
    return [webhook.json()["secret"], source.json()["key"], key.json()["secret"]]
