"""Hand-offs: listed by urgency, claimed once, closed with an outcome that decides what comes next."""

import asyncio
from typing import Any

import httpx2
import pytest

from tests.api.calls import Json, click, every, is_problem, post, raise_hand

REP = "rep@vendor.example"


@pytest.fixture
async def handoff(client: httpx2.AsyncClient, activated: int) -> str:
    """The open hand-off of the partner `acme`."""
    await client.put("/v1/partners/acme", json={"name": "Acme GmbH", "owner": REP})
    return await raise_hand(client, contact="jo@acme.example", properties={"show": "Storage 2026"})


async def move(client: httpx2.AsyncClient, handoff: str, name: str, **form: Any) -> httpx2.Response:
    return await client.post(f"/v1/handoffs/{handoff}/{name}", json=form)


async def get(client: httpx2.AsyncClient, handoff: str) -> Json:
    found: Json = (await client.get(f"/v1/handoffs/{handoff}")).raise_for_status().json()
    return found


async def test_says_why_this_partner_and_why_now(client: httpx2.AsyncClient, handoff: str) -> None:
    found = await get(client, handoff)
    assert found["partner"] == {"id": "acme", "name": "Acme GmbH"}
    assert (found["state"], found["owner"], found["claimed_by"]) == ("open", REP, None)
    assert (found["score"], found["threshold"], found["band"], found["grade"]) == (30.0, 25.0, "hot", "B")
    assert found["trigger"] == {
        "event": "show-acme",
        "source": "tests",
        "type": "tradeshow.attended",
        "contact": "jo@acme.example",
    }
    assert [(line["rule"], line["points"]) for line in found["lines"]] == [("show", 30.0)]
    assert len(found["talking_points"]) == 1
    assert [each["move"] for each in found["history"]] == ["open"]
    assert found["due_at"] > found["opened_at"]


async def test_event_that_crosses_names_it(client: httpx2.AsyncClient, activated: int) -> None:
    results = await post(client, *(click(str(n)) for n in range(6)))
    handoffs = [each["handoff"] for each in results]
    assert sum(each is not None for each in handoffs) == 1
    assert (await client.get("/v1/partners/acme")).json()["open_handoff"] in handoffs


async def test_most_urgent_first(client: httpx2.AsyncClient, activated: int) -> None:
    for id_, employees, shows in (("b-old", 1, 1), ("b-new", 1, 1), ("b-more", 1, 2), ("a-late", 50, 1)):
        await client.put(f"/v1/partners/{id_}", json={"attributes": {"employees": employees}})
        await post(
            client, *(click(f"{id_}-{n}", partner=id_, type="tradeshow.attended") for n in range(shows))
        )
    order = [each["partner"]["id"] for each in await every(client, "/v1/handoffs", limit=1)]
    assert order == ["a-late", "b-more", "b-old", "b-new"]


async def test_claim_release_claim(client: httpx2.AsyncClient, handoff: str) -> None:
    claimed = await move(client, handoff, "claim", by=REP)
    assert (claimed.json()["state"], claimed.json()["claimed_by"]) == ("claimed", REP)
    released = await move(client, handoff, "release", by=REP, reason="on holiday")
    assert (released.json()["state"], released.json()["claimed_by"]) == ("open", None)
    await move(client, handoff, "claim", by="other@vendor.example")
    history = (await get(client, handoff))["history"]
    assert [(each["move"], each["by"], each["reason"]) for each in history] == [
        ("open", "handraiser", None),
        ("claim", REP, None),
        ("release", REP, "on holiday"),
        ("claim", "other@vendor.example", None),
    ]


async def test_twenty_claims_have_one_winner(client: httpx2.AsyncClient, handoff: str) -> None:
    people = [f"rep-{n}@vendor.example" for n in range(20)]
    answers = await asyncio.gather(*(move(client, handoff, "claim", by=by) for by in people))
    won = [answer.json()["claimed_by"] for answer in answers if answer.status_code == 200]
    assert len(won) == 1
    assert all(is_problem(answer, 409, "handoff_state") for answer in answers if answer.status_code != 200)
    found = await get(client, handoff)
    assert (found["claimed_by"], len(found["history"])) == (won[0], 2)


@pytest.mark.parametrize("outcome", ["converted", "accepted", "rejected", "unreachable"])
@pytest.mark.parametrize("claimed", [False, True])
async def test_close(client: httpx2.AsyncClient, handoff: str, outcome: str, claimed: bool) -> None:
    if claimed:
        await move(client, handoff, "claim", by=REP)
    form = {"outcome": outcome, "reason": "no budget", "note": "call in May", "by": REP}
    answer = await move(client, handoff, "close", **form)
    closed = answer.json()
    assert answer.status_code == 200
    assert (closed["state"], closed["outcome"], closed["reason"]) == ("closed", outcome, "no budget")
    assert closed["closed_at"] is not None
    assert (await client.get("/v1/partners/acme")).json()["open_handoff"] is None


async def test_converted_has_a_value(client: httpx2.AsyncClient, handoff: str) -> None:
    answer = await move(client, handoff, "close", outcome="converted", value=12_500.5)
    assert answer.json()["value"] == 12_500.5


@pytest.mark.parametrize(
    "form",
    [
        {"outcome": "rejected"},
        {"outcome": "rejected", "reason": "  "},
        {"outcome": "withdrawn"},
        {"outcome": "lost"},
        {},
        {"outcome": "accepted", "value": 7},
    ],
    ids=str,
)
async def test_close_refused(client: httpx2.AsyncClient, handoff: str, form: Json) -> None:
    assert is_problem(await move(client, handoff, "close", **form), 422, "invalid")
    assert (await get(client, handoff))["state"] == "open"


@pytest.mark.parametrize("by", ["", " ", "x" * 201, None, 7, "handraiser"])
async def test_claim_needs_a_person(client: httpx2.AsyncClient, handoff: str, by: object) -> None:
    assert is_problem(await move(client, handoff, "claim", by=by), 422, "invalid")


@pytest.mark.parametrize(
    ("before", "name", "form"),
    [
        (["claim"], "claim", {"by": REP}),
        ([], "release", {}),
        (["close"], "claim", {"by": REP}),
        (["close"], "release", {}),
        (["close"], "close", {"outcome": "accepted"}),
        (["claim", "close"], "release", {}),
    ],
)
async def test_move_that_the_state_does_not_allow(
    client: httpx2.AsyncClient, handoff: str, before: list[str], name: str, form: Json
) -> None:
    forms: dict[str, Json] = {"claim": {"by": REP}, "close": {"outcome": "accepted"}}
    for each in before:
        assert (await move(client, handoff, each, **forms[each])).status_code == 200
    known = await get(client, handoff)
    assert is_problem(await move(client, handoff, name, **form), 409, "handoff_state")
    assert await get(client, handoff) == known


@pytest.mark.parametrize("name", ["claim", "release", "close"])
async def test_unknown_handoff(client: httpx2.AsyncClient, name: str) -> None:
    forms: dict[str, Json] = {"claim": {"by": REP}, "release": {}, "close": {"outcome": "accepted"}}
    assert is_problem(await move(client, "ho_none", name, **forms[name]), 404, "not_found")


@pytest.mark.parametrize(
    ("outcome", "again"), [("unreachable", True), ("accepted", False), ("rejected", False)]
)
async def test_outcome_decides_when_it_may_open_again(
    client: httpx2.AsyncClient, handoff: str, outcome: str, again: bool
) -> None:
    await move(client, handoff, "close", outcome=outcome, reason="because")
    assert (await client.get("/v1/partners/acme/score")).json()["armed"] == again
    (result,) = await post(client, click("later"))
    assert (result["handoff"] is not None) == again


async def test_one_open_handoff_at_a_time(client: httpx2.AsyncClient, handoff: str) -> None:
    (result,) = await post(client, click("more", type="tradeshow.attended"))
    assert (result["score"], result["handoff"]) == (60.0, None)


async def test_withdrawn_when_the_events_were_a_machines(client: httpx2.AsyncClient, handoff: str) -> None:
    change = {"verdict": "machine", "reason": "badge scanner"}
    await client.patch("/v1/events/tests/show-acme", json=change)
    found = await get(client, handoff)
    assert (found["state"], found["outcome"]) == ("closed", "withdrawn")


async def test_claimed_is_not_withdrawn(client: httpx2.AsyncClient, handoff: str) -> None:
    await move(client, handoff, "claim", by=REP)
    await client.patch("/v1/events/tests/show-acme", json={"verdict": "machine", "reason": "scanner"})
    assert (await get(client, handoff))["state"] == "claimed"
