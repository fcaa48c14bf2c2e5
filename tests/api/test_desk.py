"""The desk over HTTP: the next call, putting it off, whose it is, and what it tells by webhook."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest

from app import clock
from tests.api.calls import RUBRIC, Json, activate, every, is_problem, raise_hand, until
from tests.api.test_handoffs import get, move

REP = "rep@vendor.example"


async def desk(client: httpx2.AsyncClient, **terms: Any) -> None:
    """RUBRIC with other hand-off terms."""
    await activate(client, RUBRIC | {"handoff": RUBRIC["handoff"] | terms})


async def take(client: httpx2.AsyncClient, **form: Any) -> httpx2.Response:
    return await client.post("/v1/handoffs/next", json={"by": REP, "owner": None} | form)


def in_hours(hours: float) -> str:
    return (clock.now() + timedelta(hours=hours)).isoformat()


async def until_move(client: httpx2.AsyncClient, handoff: str, name: str) -> Json:
    """The hand-off, once its history has this move, which the service makes by itself."""

    async def made() -> bool:
        return name in [each["move"] for each in (await get(client, handoff))["history"]]

    await until(made)
    return await get(client, handoff)


async def test_next(client: httpx2.AsyncClient, activated: int) -> None:
    for partner in ("first", "second"):
        await raise_hand(client, partner)
    taken = [await take(client) for _ in range(3)]
    assert [each.status_code for each in taken] == [200, 200, 204]
    assert [each.json()["partner"]["id"] for each in taken[:2]] == ["first", "second"]
    assert taken[0].json()["claimed_by"] == REP
    assert taken[2].content == b""


async def test_next_of_an_owner(client: httpx2.AsyncClient, activated: int) -> None:
    await client.put("/v1/partners/acme", json={"owner": "lee@vendor.example"})
    await raise_hand(client)
    assert (await take(client)).status_code == 204
    assert (await take(client, owner="lee@vendor.example")).json()["claimed_by"] == REP


async def test_next_with_an_idempotency_key(client: httpx2.AsyncClient, activated: int) -> None:
    for partner in ("first", "second"):
        await raise_hand(client, partner)
    headers = {"Idempotency-Key": "call-1"}
    answers = [await client.post("/v1/handoffs/next", json={"by": REP}, headers=headers) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert answers[1].headers["idempotency-replayed"] == "true"


async def test_claim_limit(client: httpx2.AsyncClient) -> None:
    await desk(client, max_claimed=1)
    handoffs = [await raise_hand(client, partner) for partner in ("first", "second")]
    await take(client)
    assert is_problem(await take(client), 409, "claim_limit")
    assert is_problem(await move(client, handoffs[1], "claim", by=REP), 409, "claim_limit")


async def test_snooze_and_back(client: httpx2.AsyncClient, activated: int) -> None:
    handoff = await raise_hand(client)
    until = in_hours(1)
    snoozed = (await move(client, handoff, "snooze", until=until, by=REP, reason="at lunch")).json()
    assert (snoozed["state"], snoozed["history"][-1]["reason"]) == ("snoozed", "at lunch")
    assert (await take(client)).status_code == 204
    back = (await move(client, handoff, "unsnooze", by=REP)).json()
    assert (back["state"], back["snoozed_until"]) == ("open", None)


async def test_snoozed_wakes_by_itself(client: httpx2.AsyncClient, activated: int) -> None:
    handoff = await raise_hand(client)
    await move(client, handoff, "snooze", until=in_hours(0.0001))
    assert (await until_move(client, handoff, "unsnooze"))["state"] == "open"


@pytest.mark.parametrize(
    "until", ["9999-12-31T23:59:59Z", None, "", "tomorrow", "2026-01-01T00:00:00", "2026-01-01T00:00:00Z", 5]
)
async def test_snooze_needs_a_later_time(client: httpx2.AsyncClient, activated: int, until: object) -> None:
    handoff = await raise_hand(client)
    assert is_problem(await move(client, handoff, "snooze", until=until), 422, "invalid")
    assert (await get(client, handoff))["state"] == "open"


async def test_overdue_by_itself_and_told(client: httpx2.AsyncClient) -> None:
    await desk(client, due_hours=0.0001)
    form = {"url": "http://127.0.0.1:9/", "types": ["handoff.overdue", "handoff.claimed"]}
    await client.post("/v1/webhooks", json=form)
    handoff = await raise_hand(client)
    found = await until_move(client, handoff, "overdue")
    assert (found["state"], found["overdue_at"] >= found["due_at"]) == ("open", True)
    await take(client)
    assert [each["type"] for each in await every(client, "/v1/deliveries")] == [
        "handoff.claimed",
        "handoff.overdue",
    ]


async def test_every_change_is_told(client: httpx2.AsyncClient, activated: int) -> None:
    moves = ["claimed", "released", "snoozed", "unsnoozed", "assigned", "closed"]
    types = [f"handoff.{each}" for each in moves]
    await client.post("/v1/webhooks", json={"url": "http://127.0.0.1:9/", "types": types})
    handoff = await raise_hand(client)
    for name, form in (
        ("claim", {"by": REP}),
        ("release", {}),
        ("snooze", {"until": in_hours(1)}),
        ("unsnooze", {}),
        ("assign", {"owner": REP}),
        ("notes", {"note": "a line that is nobody else's business"}),
        ("close", {"outcome": "accepted"}),
    ):
        assert (await move(client, handoff, name, **form)).status_code == 200
    assert [each["type"] for each in await every(client, "/v1/deliveries")] == types[::-1]


async def test_notes_are_in_the_history(client: httpx2.AsyncClient, activated: int) -> None:
    handoff = await raise_hand(client)
    await move(client, handoff, "notes", note="asked for prices", by=REP)
    line = (await get(client, handoff))["history"][-1]
    assert (line["move"], line["by"], line["details"]) == ("note", REP, {"note": "asked for prices"})


async def test_waiting_list(client: httpx2.AsyncClient) -> None:
    await desk(client, per_week=1)
    assert await raise_hand(client, "first") is not None
    assert await raise_hand(client, "second") is None
    (waiting,) = await every(client, "/v1/handoffs", state="waiting")
    assert (waiting["partner"]["id"], waiting["opened_at"]) == ("second", None)
    assert is_problem(await move(client, waiting["id"], "claim", by=REP), 409, "handoff_state")
    await desk(client)
    assert (await until_move(client, waiting["id"], "open"))["state"] == "open"


async def test_nobody_is_told_of_one_that_never_opened(client: httpx2.AsyncClient) -> None:
    await desk(client, per_week=1)
    types = ["handoff.opened", "handoff.assigned", "handoff.closed"]
    await client.post("/v1/webhooks", json={"url": "http://127.0.0.1:9/", "types": types})
    for partner in ("first", "second"):
        await raise_hand(client, partner)
    (waiting,) = await every(client, "/v1/handoffs", state="waiting")
    await move(client, waiting["id"], "assign", owner=REP)
    await move(client, waiting["id"], "close", outcome="rejected", reason="too small")
    assert [each["partner"] for each in await every(client, "/v1/deliveries")] == ["first"]


async def test_reps_take_turns(client: httpx2.AsyncClient) -> None:
    await desk(client, assign="round_robin")
    for name in ("ann", "bob"):
        assert (await client.put(f"/v1/reps/{name}@v.example", json={"name": name})).status_code == 200
    handoffs = [await raise_hand(client, partner) for partner in ("a", "b")]
    owners = [(await get(client, each))["owner"] for each in handoffs]
    assert owners == ["ann@v.example", "bob@v.example"]
    await client.put("/v1/reps/ann@v.example", json={"active": False})
    assert (await get(client, handoffs[0]))["owner"] == "bob@v.example"
    assert [each["active"] for each in await every(client, "/v1/reps")] == [False, True]
    assert is_problem(await take(client, by="ann@v.example"), 409, "conflict")
    assert is_problem(await move(client, handoffs[0], "assign", owner="ann@v.example"), 409, "conflict")
    assert (await client.delete("/v1/reps/bob@v.example")).status_code == 204
    assert is_problem(await client.get("/v1/reps/bob@v.example"), 404, "not_found")
    assert {(await get(client, each))["owner"] for each in handoffs} == {None}


@pytest.mark.parametrize(
    "form",
    [{"weight": 0}, {"weight": 1e-310}, {"weight": -1}, {"weight": 1e9}, {"active": "maybe"}, {"x": 1}],
)
async def test_rep_refused(client: httpx2.AsyncClient, form: Json) -> None:
    assert is_problem(await client.put("/v1/reps/ann@v.example", json=form), 422, "invalid")


async def test_claimed_by_me(client: httpx2.AsyncClient, activated: int) -> None:
    for partner in ("first", "second"):
        await raise_hand(client, partner)
    await take(client)
    mine = await every(client, "/v1/handoffs", claimed_by=REP)
    assert [each["partner"]["id"] for each in mine] == ["first"]


async def test_pages_go_from_the_queue_to_what_is_closed(client: httpx2.AsyncClient, activated: int) -> None:
    for n in range(7):
        handoff = await raise_hand(client, f"p{n}")
        if n % 2:
            await move(client, handoff, "close", outcome="accepted")
    found = [each["partner"]["id"] for each in await every(client, "/v1/handoffs", limit=2)]
    assert found == ["p0", "p2", "p4", "p6", "p5", "p3", "p1"]
