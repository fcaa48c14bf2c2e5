"""Posting events: every event has its own result, and sending it again is harmless."""

import asyncio

import httpx2
import pytest

from tests.api.calls import Json, activate, ago, click, every, post, score


async def test_accepted(client: httpx2.AsyncClient) -> None:
    await activate(client)
    answer = await client.post("/v1/events", json=click())
    assert answer.json() == {
        "accepted": 1,
        "duplicate": 0,
        "conflict": 0,
        "parked": 0,
        "rejected": 0,
        "results": [
            {"id": "evt-1", "status": "accepted", "partner": "acme", "score": 5.0, "handoff": None},
        ],
    }


async def test_duplicate_counts_once(client: httpx2.AsyncClient) -> None:
    await activate(client)
    results = [(await post(client, click()))[0] for _ in range(3)]
    assert [each["status"] for each in results] == ["accepted", "duplicate", "duplicate"]
    assert [each["score"] for each in results] == [5.0, 5.0, 5.0]


async def test_order_of_keys_makes_no_conflict(client: httpx2.AsyncClient) -> None:
    await post(client, click(properties={"a": 1, "b": {"c": 2, "d": 3}}))
    (result,) = await post(client, click(properties={"b": {"d": 3, "c": 2}, "a": 1}))
    assert result["status"] == "duplicate"


@pytest.mark.parametrize(
    "other",
    [
        {"type": "email.opened"},
        {"partner": "other"},
        {"contact": "jo@acme.example"},
        {"occurred_at": "2026-03-02T09:06:00Z"},
        {"properties": {"campaign": "spring"}},
    ],
    ids=lambda other: next(iter(other)),
)
async def test_conflict_keeps_the_first(client: httpx2.AsyncClient, other: Json) -> None:
    await activate(client)
    await post(client, click())
    (result,) = await post(client, click(**other))
    assert result["status"] == "conflict"
    (stored,) = await every(client, "/v1/events")
    assert (stored["type"], stored["partner"], stored["properties"]) == ("email.clicked", "acme", {})
    assert await score(client) == 5.0


async def test_same_id_of_another_source_is_another_event(client: httpx2.AsyncClient) -> None:
    results = await post(client, click(source="marketo"), click(source="hubspot"))
    assert [each["status"] for each in results] == ["accepted", "accepted"]


async def test_parked_until_somebody_knows_the_contact(client: httpx2.AsyncClient) -> None:
    (result,) = await post(client, click(partner=None, contact="jo@nobody.example"))
    assert result == {"id": "evt-1", "status": "parked", "partner": None, "score": None, "handoff": None}
    assert [each["id"] for each in await every(client, "/v1/events/parked")] == ["evt-1"]


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"id": ""}, "id"),
        ({"id": 7}, "id"),
        ({"id": None}, "id"),
        ({"id": "x" * 256}, "id"),
        ({"type": None}, "type"),
        ({"type": "Email.Clicked"}, "type"),
        ({"type": "email..clicked"}, "type"),
        ({"type": "email.clicked\n"}, "type"),
        ({"type": "score.adjusted"}, "type"),
        ({"type": "score.anything"}, "type"),
        ({"partner": None}, ""),
        ({"partner": ""}, "partner"),
        ({"contact": "a\x00b"}, "contact"),
        ({"source": ""}, "source"),
        ({"properties": []}, "properties"),
        ({"verdict": "robot"}, "verdict"),
        ({"campaign": "spring"}, "campaign"),
        ({"occurred_at": "yesterday"}, "occurred_at"),
        ({"occurred_at": "2026-03-02T09:06:00"}, "occurred_at"),
        ({"occurred_at": 1_772_442_360}, "occurred_at"),
        ({"occurred_at": "0001-01-01T00:00:00+14:00"}, "occurred_at"),
        ({"occurred_at": "1899-12-31T23:59:59Z"}, "occurred_at"),
        ({"occurred_at": "9999-12-31T23:59:59-12:00"}, "occurred_at"),
        ({"occurred_at": "1772442360"}, "occurred_at"),
        ({"contact": "  "}, "contact"),
    ],
    ids=repr,
)
async def test_rejected_says_where(client: httpx2.AsyncClient, fields: Json, path: str) -> None:
    (result,) = await post(client, click(**fields))
    assert result["status"] == "rejected"
    assert [error["path"] for error in result["errors"]] == [path]
    assert result["errors"][0]["message"]


@pytest.mark.parametrize("minutes", [6, 24 * 60])
async def test_future_is_rejected(client: httpx2.AsyncClient, minutes: int) -> None:
    (result,) = await post(client, click(occurred_at=ago(minutes=-minutes)))
    assert (result["status"], result["errors"][0]["path"]) == ("rejected", "occurred_at")


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_bad_event_harms_no_neighbour(client: httpx2.AsyncClient, place: int) -> None:
    events = [click("a"), click("b")]
    events.insert(place, click("bad", type="NO"))
    results = await post(client, *events)
    assert [each["id"] for each in results] == [event["id"] for event in events]
    assert [each["status"] == "rejected" for each in results] == [each == place for each in range(3)]
    assert {each["id"] for each in await every(client, "/v1/events")} == {"a", "b"}


async def test_same_id_twice_in_one_batch(client: httpx2.AsyncClient) -> None:
    await activate(client)
    results = await post(client, click(), click(), click(type="email.opened"), click("other"))
    assert [each["status"] for each in results] == ["accepted", "duplicate", "conflict", "accepted"]
    assert await score(client) == 10.0


async def test_every_status_in_the_order_sent(client: httpx2.AsyncClient) -> None:
    await post(client, click("seen"))
    answer = await client.post(
        "/v1/events",
        json=[
            click("bad", type=None),
            click("parked", partner=None, contact="jo@nobody.example"),
            click("seen", type="email.opened"),
            click("new"),
            click("seen"),
        ],
    )
    statuses = ["rejected", "parked", "conflict", "accepted", "duplicate"]
    assert [each["status"] for each in answer.json()["results"]] == statuses
    assert {status: answer.json()[status] for status in statuses} == dict.fromkeys(statuses, 1)


async def test_defaults(client: httpx2.AsyncClient) -> None:
    await post(client, click())
    (event,) = await every(client, "/v1/events")
    assert event["source"] == "tests"
    assert event["occurred_at"] == event["received_at"]
    assert event["received_at"].endswith("Z")
    assert (event["verdict"], event["properties"], event["contact"]) == ("human", {}, None)


async def test_slightly_fast_clock_is_taken_as_now(client: httpx2.AsyncClient) -> None:
    (result,) = await post(client, click(occurred_at=ago(minutes=-4)))
    (event,) = await every(client, "/v1/events")
    assert result["status"] == "accepted"
    assert event["occurred_at"] == event["received_at"]


async def test_past_is_welcome(client: httpx2.AsyncClient) -> None:
    (result,) = await post(client, click(occurred_at="1900-01-01T00:00:00+00:00"))
    assert result["status"] == "accepted"
    (event,) = await every(client, "/v1/events")
    assert event["occurred_at"] == "1900-01-01T00:00:00Z"


async def test_fifty_at_once_are_one(client: httpx2.AsyncClient) -> None:
    await activate(client)
    answers = await asyncio.gather(*(post(client, click()) for _ in range(50)))
    assert sorted(results[0]["status"] for results in answers) == ["accepted"] + ["duplicate"] * 49
    assert await score(client) == 5.0


async def test_threshold_passed_by_many_at_once_opens_one_handoff(client: httpx2.AsyncClient) -> None:
    await activate(client)
    answers = await asyncio.gather(*(post(client, click(f"evt-{n}")) for n in range(20)))
    assert sum(results[0]["handoff"] is not None for results in answers) == 1
    assert await score(client) == 100.0


@pytest.mark.parametrize("verdict", ["machine", "internal"])
async def test_only_human_events_count(client: httpx2.AsyncClient, verdict: str) -> None:
    await activate(client)
    (result,) = await post(client, click(verdict=verdict))
    assert (result["status"], result["score"]) == ("accepted", 0.0)


async def test_verdict_changes_and_the_score_follows(client: httpx2.AsyncClient) -> None:
    await activate(client)
    await post(client, click(source="mta/eu"))
    scores = []
    for verdict in ("machine", "internal", "human"):
        change = {"verdict": verdict, "reason": "looked at it"}
        answer = await client.patch("/v1/events/mta%2Feu/evt-1", json=change)
        assert (answer.json()["verdict"], answer.json()["verdict_reason"]) == (verdict, "looked at it")
        scores.append(await score(client))
    assert scores == [0.0, 0.0, 5.0]


async def test_verdict_of_an_unknown_event(client: httpx2.AsyncClient) -> None:
    change = {"verdict": "machine", "reason": "scanner"}
    assert (await client.patch("/v1/events/tests/none", json=change)).status_code == 404
