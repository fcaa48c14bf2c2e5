"""Polling the queue: the ETag changes when the list does, and never otherwise."""

from collections.abc import Awaitable, Callable

import httpx2
import pytest

from tests.api.calls import RUBRIC, activate, click, post, raise_hand
from tests.api.test_handoffs import move

Client = httpx2.AsyncClient


async def poll(client: Client, tag: str = "", **parameters: str) -> httpx2.Response:
    return await client.get("/v1/handoffs", params=parameters, headers={"If-None-Match": tag})


async def claim(client: Client) -> None:
    await client.post("/v1/handoffs/next", json={"by": "rep@vendor.example"})


async def rename(client: Client) -> None:
    await client.put("/v1/partners/acme", json={"name": "Renamed"})


async def event(client: Client) -> None:
    await post(client, click("more"))


async def another(client: Client) -> None:
    await raise_hand(client, "other", contact="jo@other.example")


async def adjust(client: Client) -> None:
    form = {"points": 5, "reason": "asked for a demo"}
    await client.post("/v1/partners/acme/adjustments", json=form)


async def reprice(client: Client) -> None:
    await activate(client, RUBRIC | {"rules": [{"id": "show", "on": "tradeshow.attended", "points": 31}]})


async def erase(client: Client) -> None:
    await client.delete("/v1/contacts/jo@acme.example")


async def merge(client: Client) -> None:
    await client.put("/v1/partners/new", json={"name": "New"})
    await client.post("/v1/partners/acme/merge", json={"into": "new"})


@pytest.mark.parametrize("change", [claim, rename, event, another, adjust, reprice, erase, merge])
async def test_change_is_seen(
    client: Client, activated: int, change: Callable[[Client], Awaitable[None]]
) -> None:
    await client.put("/v1/partners/acme", json={"name": "Acme"})
    await raise_hand(client, contact="jo@acme.example")
    first = await poll(client)
    assert (await poll(client, first.headers["etag"])).status_code == 304
    await change(client)
    second = await poll(client, first.headers["etag"])
    assert second.status_code == 200
    assert second.json() != first.json()
    assert (await poll(client, second.headers["etag"])).status_code == 304


async def test_order_under_a_floor_is_seen(client: Client) -> None:
    """Scores that show as the floor still have an order. Shown to fail when only shown scores count."""
    opt_out = {"id": "opt-out", "on": "email.unsubscribed", "points": -100}
    await activate(client, RUBRIC | {"rules": [*RUBRIC["rules"], opt_out], "floor": 0})
    for partner, times in (("a", 2), ("b", 1)):
        await raise_hand(client, partner)
        out = [click(f"out-{partner}-{n}", partner=partner, type="email.unsubscribed") for n in range(times)]
        await post(client, *out)
    tag = (await poll(client)).headers["etag"]
    await post(client, *(click(f"more-{n}", partner="b", type="email.unsubscribed") for n in range(3)))
    again = await poll(client, tag)
    assert (again.status_code, [each["partner"]["id"] for each in again.json()["items"]]) == (200, ["a", "b"])


async def test_change_elsewhere_leaves_the_tag(client: Client, activated: int) -> None:
    await raise_hand(client)
    tag = (await poll(client, owner="lee@vendor.example")).headers["etag"]
    handoff = (await poll(client)).json()["items"][0]["id"]
    await move(client, handoff, "claim", by="rep@vendor.example")
    await post(client, click("of-one-that-is-not-in-the-queue", partner="elsewhere"))
    assert (await poll(client, tag, owner="lee@vendor.example")).status_code == 304


async def test_pages_and_filters_have_tags_of_their_own(client: Client, activated: int) -> None:
    for partner in ("a", "b"):
        await raise_hand(client, partner)
    first = await poll(client, limit="1")
    other = await poll(client, limit="1", cursor=first.json()["next"])
    assert first.headers["etag"] != other.headers["etag"]
    for _ in range(2):
        again = await poll(client, first.headers["etag"], limit="1")
        assert (again.status_code, again.headers["link"]) == (304, first.headers["link"])
        assert (await poll(client, first.headers["etag"], state="closed")).status_code == 200


async def test_change_back_has_the_tag_of_before(client: Client, activated: int) -> None:
    await client.put("/v1/partners/acme", json={"name": "Acme"})
    await raise_hand(client)
    tag = (await poll(client)).headers["etag"]
    await rename(client)
    assert (await poll(client, tag)).status_code == 200
    await client.put("/v1/partners/acme", json={"name": "Acme"})
    assert (await poll(client, tag)).status_code == 304
