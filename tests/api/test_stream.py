"""The stream of the queue: what it tells, from where, and to whom."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from app import clock
from app.services import moves, past_handoffs
from app.services.following import EVENT_TYPES
from tests.api.calls import activate, client_of, is_problem, key_of, raise_hand
from tests.support.service import Service
from tests.support.sse import PATH, refusal, streaming

pytestmark = pytest.mark.usefixtures("activated")

REP = "rep@vendor.example"


async def move(client: httpx2.AsyncClient, handoff: str, name: str, **form: Any) -> dict[str, Any]:
    """Make a move; the hand-off after it."""
    answer = await client.post(f"/v1/handoffs/{handoff}/{name}", json=form)
    made: dict[str, Any] = answer.raise_for_status().json()
    return made


async def test_each_move_is_an_event_of_its_type(client: httpx2.AsyncClient) -> None:
    async with streaming(client) as stream:
        handoff = await raise_hand(client)
        later = (clock.now() + timedelta(days=1)).isoformat()
        await move(client, handoff, "claim", by=REP)
        await move(client, handoff, "notes", by=REP, note="rang, nobody there")
        await move(client, handoff, "release", by=REP)
        await move(client, handoff, "assign", owner=REP)
        await move(client, handoff, "snooze", until=later)
        await move(client, handoff, "unsnooze")
        await move(client, handoff, "close", outcome="accepted")
        events = await stream.events(8)
    happened = ("opened", "claimed", "noted", "released", "assigned", "snoozed", "unsnoozed", "closed")
    assert [each.type for each in events] == [f"handoff.{each}" for each in happened]
    assert [each.id for each in events] == sorted({each.id for each in events})
    assert {each.body["data"]["id"] for each in events} == {handoff}


async def test_an_event_has_the_handoff_as_it_is_shown_and_the_line_of_its_history(
    client: httpx2.AsyncClient,
) -> None:
    handoff = await raise_hand(client)
    async with streaming(client) as stream:
        shown = await move(client, handoff, "claim", by=REP)
        body = (await stream.event()).body
    line = body["data"].pop("move")
    assert body == {"type": "handoff.claimed", "timestamp": line["at"], "data": shown}
    assert line == shown["history"][-1]


def test_every_kind_of_move_has_a_type() -> None:
    kinds = {each.name for each in vars(moves).values() if isinstance(each, moves.Kind)}
    assert set(EVENT_TYPES) == kinds | {past_handoffs.MOVE}


async def test_it_is_never_kept_or_held_back(client: httpx2.AsyncClient) -> None:
    async with client.stream("GET", PATH) as answer:
        headers = answer.headers
        assert headers["content-type"].startswith("text/event-stream")
        assert (headers["cache-control"], headers["x-accel-buffering"]) == ("no-store", "no")


async def test_it_begins_with_now_and_says_where_that_is(client: httpx2.AsyncClient) -> None:
    await raise_hand(client, "before")
    async with client.stream("GET", PATH) as answer:
        lines = answer.aiter_lines()
        id_, retry, end = [await anext(lines) for _ in range(3)]
    assert (id_.partition(": ")[0], retry.partition(": ")[0], end) == ("id", "retry", "")
    async with streaming(client, after=int(id_.partition(": ")[2])) as stream:
        await raise_hand(client, "after")
        assert (await stream.event()).move == ("after", "open")


@pytest.mark.parametrize("way", ["header", "query", "both"])
async def test_it_goes_on_after_an_event(client: httpx2.AsyncClient, way: str) -> None:
    async with streaming(client) as stream:
        for partner in ("a", "b", "c"):
            await raise_hand(client, partner)
        first, second, _ = await stream.events(3)
    query = {"header": None, "query": first.id, "both": second.id}[way]
    parameters = {} if query is None else {"last_event_id": query}
    async with streaming(client, after=None if way == "query" else first.id, **parameters) as stream:
        assert [each.move[0] for each in await stream.events(2)] == ["b", "c"]


@pytest.mark.parametrize("id_", ["x", "", "-1", "1.5", "999999", str(2**63)])
@pytest.mark.parametrize("name", ["Last-Event-ID", "last_event_id"])
async def test_an_id_that_no_event_has(client: httpx2.AsyncClient, name: str, id_: str) -> None:
    given: dict[str, Any] = {"headers" if name[0] == "L" else "params": {name: id_}}
    assert is_problem(await refusal(client, **given), 422, "invalid")


async def test_all_there_ever_was(client: httpx2.AsyncClient) -> None:
    """More than is kept for late-comers, and more than is read at once."""
    partners = [f"p{n:03}" for n in range(130)]
    async with streaming(client) as early:
        await asyncio.gather(*(raise_hand(client, each) for each in partners))
        told = [each.move for each in await early.events(130)]
        async with streaming(client, after=0) as stream:
            assert [each.move for each in await stream.events(130)] == told
    async with streaming(client, after=0) as stream:
        assert [each.move for each in await stream.events(130)] == told
    assert sorted(told) == [(each, "open") for each in partners]


async def test_only_those_of_an_owner(client: httpx2.AsyncClient) -> None:
    await client.put("/v1/partners/mine", json={"owner": REP})
    async with streaming(client, owner=REP) as stream:
        for partner in ("other", "mine"):
            await raise_hand(client, partner)
        assert (await stream.event()).move == ("mine", "open")


async def test_another_programs_moves(service: Service, client: httpx2.AsyncClient, program: str) -> None:
    async with client_of(service, await key_of(service, f"{program}-2")) as stranger:
        await activate(stranger)
        async with streaming(client) as ours, streaming(stranger) as theirs:
            await raise_hand(client, "ours")
            await raise_hand(stranger, "theirs")
            assert (await theirs.event()).move == ("theirs", "open")
            assert (await ours.event()).move == ("ours", "open")
        await raise_hand(stranger, "later")
        async with streaming(stranger, after=0) as again:
            assert [each.move[0] for each in await again.events(2)] == ["theirs", "later"]


async def test_it_needs_the_scope_to_read(service: Service, program: str) -> None:
    for scope, status in (("handoffs:write", 403), ("events:write", 403)):
        async with client_of(service, await key_of(service, program, (scope,))) as other:
            assert (await refusal(other)).status_code == status
    async with client_of(service) as stranger:
        assert is_problem(await refusal(stranger), 401, "unauthenticated")
    async with client_of(service, await key_of(service, program, ("read",))) as reader, streaming(reader):
        pass


async def test_it_ends_when_its_key_is_revoked(service: Service, client: httpx2.AsyncClient) -> None:
    made = (await client.post("/v1/keys", json={"name": "x", "scopes": ["read"]})).json()
    async with (
        client_of(service, made["secret"]) as reader,
        streaming(reader) as stream,
        streaming(client) as other,
    ):
        await client.delete(f"/v1/keys/{made['id']}")
        await raise_hand(client)
        with pytest.raises(StopAsyncIteration):
            await stream.event()
        assert (await other.event()).move == ("acme", "open")
