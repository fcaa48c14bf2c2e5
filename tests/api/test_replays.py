"""What was held, is dead or has arrived is sent again: one by one, by range, or all."""

import json

import httpx2
import pytest

from app.services import replaying
from tests.api.calls import Json, every, is_problem, raise_hand
from tests.api.hooks import call, comes_to, listening
from tests.support.receiver import answer


@pytest.fixture
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replays take many transactions, most of them in the background."""
    monkeypatch.setattr(replaying, "AT_ONCE", 2)


async def dead_one(client: httpx2.AsyncClient, receiver: object, webhook: str) -> Json:
    """A hand-off's delivery that the receiver did not want."""
    await raise_hand(client)
    [found] = await every(client, "/v1/deliveries", webhook=webhook)
    return await comes_to(client, f"/v1/deliveries/{found['id']}", status="dead")


@pytest.mark.usefixtures("few_at_once", "activated")
async def test_nothing_is_sent_while_disabled_and_nothing_is_lost(client: httpx2.AsyncClient) -> None:
    """Fault 27. Shown to fail by an `add` that owes what is for a disabled webhook."""
    async with listening(client) as (receiver, webhook):
        path = f"/v1/webhooks/{webhook}"
        await call(client, f"{path}/disable")
        handoffs = [await raise_hand(client, f"partner-{n}") for n in range(7)]
        held = await every(client, "/v1/deliveries", webhook=webhook, status="held")
        assert len(held) == 7
        assert is_problem(await client.post(f"{path}/replay"), 409, "conflict")
        await call(client, f"{path}/enable")
        ping = await call(client, f"{path}/test")
        await comes_to(client, f"/v1/deliveries/{ping['id']}", status="delivered")
        assert [message.id for message in receiver.messages] == [ping["id"]]
        replay = await call(client, f"{path}/replay")
        done = await comes_to(client, f"{path}/replays/{replay['n']}", state="done")
        messages = (await receiver.received(8))[1:]
    assert (replay["state"], done["replayed"]) == ("running", 7)
    assert {message.id for message in messages} == {each["id"] for each in held}
    assert {json.loads(message.body)["data"]["id"] for message in messages} == set(handoffs)
    assert all(message.headers["webhook-replay"] == "true" and message.genuine for message in messages)


@pytest.mark.usefixtures("activated")
async def test_enabled_with_what_was_held(client: httpx2.AsyncClient) -> None:
    async with listening(client) as (receiver, webhook):
        await call(client, f"/v1/webhooks/{webhook}/disable")
        await raise_hand(client)
        await call(client, f"/v1/webhooks/{webhook}/enable", replay=True)
        await receiver.received(1)


@pytest.mark.usefixtures("activated")
async def test_by_range_and_type(client: httpx2.AsyncClient) -> None:
    types = ["handoff.opened", "handoff.claimed"]
    async with listening(client, types=types) as (receiver, webhook):
        path = f"/v1/webhooks/{webhook}"
        await call(client, f"{path}/disable")
        for n in range(4):
            handoff = await raise_hand(client, f"partner-{n}")
            await call(client, f"/v1/handoffs/{handoff}/claim", by="rep@vendor.example")
        await call(client, f"{path}/enable")
        held = await every(client, "/v1/deliveries", webhook=webhook)
        opened = sorted(
            (each for each in held if each["type"] == "handoff.opened"), key=lambda each: each["created_at"]
        )
        since, until = opened[1]["created_at"], opened[2]["created_at"]
        replay = await call(client, f"{path}/replay", since=since, until=until, types=["handoff.opened"])
        assert (replay["state"], replay["replayed"]) == ("done", 2)
        messages = await receiver.received(2)
        assert {each.id for each in messages} == {opened[1]["id"], opened[2]["id"]}
        assert len(await every(client, "/v1/deliveries", webhook=webhook, status="held")) == 6


@pytest.mark.usefixtures("activated")
async def test_what_is_dead_is_sent_under_its_id_with_its_attempts_kept(client: httpx2.AsyncClient) -> None:
    async with listening(client) as (receiver, webhook):
        receiver.replies.append(answer(400, headers={"webhook-delivery": "abort-message"}))
        dead = await dead_one(client, receiver, webhook)
        await call(client, f"/v1/webhooks/{webhook}/replay", status="dead")
        found = await comes_to(client, f"/v1/deliveries/{dead['id']}", status="delivered")
    assert [each["status"] for each in found["tries"]] == [400, 200]
    assert found["replayed_at"]


@pytest.mark.usefixtures("activated")
async def test_one_is_retried(client: httpx2.AsyncClient) -> None:
    async with listening(client) as (receiver, webhook):
        receiver.replies.append(answer(400, headers={"webhook-delivery": "abort-message"}))
        dead = await dead_one(client, receiver, webhook)
        path = f"/v1/deliveries/{dead['id']}"
        await call(client, f"{path}/retry")
        await comes_to(client, path, status="delivered")
        assert is_problem(await client.post(f"{path}/retry"), 409, "conflict")
        again = await call(client, f"{path}/retry", again=True)
        messages = await receiver.received(3)
    assert (again["replay_of"], again["body"]) == (dead["id"], dead["body"])
    assert [each.id for each in messages] == [dead["id"], dead["id"], again["id"]]


@pytest.mark.usefixtures("activated")
async def test_retrying_for_a_disabled_webhook(client: httpx2.AsyncClient) -> None:
    async with listening(client) as (receiver, webhook):
        receiver.replies.append(answer(400, headers={"webhook-delivery": "abort-message"}))
        dead = await dead_one(client, receiver, webhook)
        await call(client, f"/v1/webhooks/{webhook}/disable")
        refused = await client.post(f"/v1/deliveries/{dead['id']}/retry")
        assert is_problem(refused, 409, "conflict")


@pytest.mark.usefixtures("few_at_once", "activated")
async def test_what_arrived_is_repeated_as_new_messages(client: httpx2.AsyncClient) -> None:
    async with listening(client) as (receiver, webhook):
        for n in range(3):
            await raise_hand(client, f"partner-{n}")
        old = {each.id for each in await receiver.received(3)}
        for each in old:
            await comes_to(client, f"/v1/deliveries/{each}", status="delivered")
        replay = await call(client, f"/v1/webhooks/{webhook}/replay", status="delivered")
        messages = (await receiver.received(6))[3:]
        done = await comes_to(client, f"/v1/webhooks/{webhook}/replays/{replay['n']}", state="done")
    assert done["replayed"] == 3
    new = [(await client.get(f"/v1/deliveries/{each.id}")).json() for each in messages]
    assert {each["replay_of"] for each in new} == old


@pytest.mark.usefixtures("few_at_once", "activated")
async def test_disabled_in_the_middle_of_a_replay(client: httpx2.AsyncClient) -> None:
    """It stops, and all that was not sent is held."""
    async with listening(client) as (receiver, webhook):
        path = f"/v1/webhooks/{webhook}"
        await call(client, f"{path}/disable")
        for n in range(5):
            await raise_hand(client, f"partner-{n}")
        receiver.always = answer(500)
        await call(client, f"{path}/enable", replay=True)
        await call(client, f"{path}/disable")
        stopped = await comes_to(client, f"{path}/replays/1", state="stopped")
        # What was just being settled is put aside a moment later.
        await comes_to(client, f"{path}/health", held=5, owed=0)
    assert stopped["replayed"] < 5
