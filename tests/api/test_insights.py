"""Insights over HTTP: their parameters, their shape, and that they follow what happens."""

from typing import Any

import httpx2
import pytest

from tests.api.calls import Json, ago, click, is_problem, post, raise_hand

REP = "rep@vendor.example"


async def insight(client: httpx2.AsyncClient, name: str, **parameters: Any) -> Json:
    found: Json = (await client.get(f"/v1/insights/{name}", params=parameters)).raise_for_status().json()
    return found


async def test_funnel_from_first_event_to_outcome(client: httpx2.AsyncClient, activated: int) -> None:
    await post(client, click("1", partner="quiet", occurred_at=ago(days=10)))
    await post(client, click("2", partner="old", occurred_at=ago(days=200)))
    await client.put("/v1/partners/acme", json={"attributes": {"geo": {"region": "EMEA"}}})
    await post(client, click("3", occurred_at=ago(days=4)))
    handoff = await raise_hand(client)
    await client.post(f"/v1/handoffs/{handoff}/claim", json={"by": REP})
    await client.post(f"/v1/handoffs/{handoff}/close", json={"outcome": "converted", "value": 70})
    found = await insight(client, "funnel", by="geo.region")
    steps = [(each["band"] or each["step"], each["count"], each["rate"]) for each in found["steps"]]
    assert steps == [
        ("first_event", 2, 1.0),
        ("warm", 1, 0.5),
        ("hot", 1, 1.0),
        ("crossed", 1, 1.0),
        ("opened", 1, 1.0),
        ("claimed", 1, 1.0),
        ("closed", 1, 1.0),
    ]
    assert found["steps"][1]["since_first_event"] == {"median": 4.0, "p90": 4.0}
    assert [(each["outcome"], each["count"]) for each in found["outcomes"] if each["count"]] == [
        ("converted", 1)
    ]
    assert [(each["value"], each["steps"][0]["count"]) for each in found["segments"]] == [
        ("EMEA", 1),
        (None, 1),
    ]
    assert found["other"] is None


async def test_outcomes_by_rule_and_band(client: httpx2.AsyncClient, activated: int) -> None:
    await post(client, click("1"))
    for partner, outcome in (
        ("acme", {"outcome": "converted", "value": 0.1}),
        ("b", {"outcome": "unreachable"}),
    ):
        handoff = await raise_hand(client, partner)
        await client.post(f"/v1/handoffs/{handoff}/close", json=outcome)
    found = await insight(client, "outcomes")
    assert [(each["rule"], each["handed_off"], each["conversion_rate"]) for each in found["rules"]] == [
        ("show", 2, 0.5),
        ("click", 1, 1.0),
    ]
    assert [(each["band"], each["value"]) for each in found["bands"]] == [("hot", 0.1)]
    total = found["total"]
    assert (total["handed_off"], total["converted"], total["unreachable"], total["value"]) == (2, 1, 1, 0.1)


@pytest.mark.parametrize("name", ["funnel", "outcomes"])
async def test_period(client: httpx2.AsyncClient, name: str) -> None:
    found = await insight(client, name, **{"from": "2026-01-01", "to": "2026-01-31"})
    assert (found["from"], found["to"]) == ("2026-01-01", "2026-01-31")
    assert (await insight(client, name, to="2026-03-31"))["from"] == "2026-01-01"


@pytest.mark.parametrize("name", ["funnel", "outcomes"])
@pytest.mark.parametrize(
    ("parameters", "path"),
    [
        ({"from": "2026-02-01", "to": "2026-01-31"}, "to"),
        ({"from": "2100-01-01"}, "to"),
        ({"to": "soon"}, "to"),
        ({"from": "2026-02-30"}, "from"),
        ({"from": "0001-01-01"}, "from"),
    ],
)
async def test_period_refused(
    client: httpx2.AsyncClient, name: str, parameters: dict[str, str], path: str
) -> None:
    answer = await client.get(f"/v1/insights/{name}", params=parameters)
    assert is_problem(answer, 422, "invalid")
    assert answer.json()["errors"][0]["path"] == path


@pytest.mark.parametrize("by", ["", ".", "a.", "a..b", "x" * 201])
async def test_path_refused(client: httpx2.AsyncClient, by: str) -> None:
    assert is_problem(await client.get("/v1/insights/funnel", params={"by": by}), 422, "invalid")


async def test_segments_are_values_of_any_kind(client: httpx2.AsyncClient, activated: int) -> None:
    values = ["x", 3, 3.5, True, ["a", "b"], {"k": None}, None, 1]
    for n, value in enumerate(values):
        await client.put(f"/v1/partners/p{n}", json={"attributes": {"kind": value}})
        await post(client, click(str(n), partner=f"p{n}"))
    found = await insight(client, "funnel", by="kind")
    assert sorted(map(str, (each["value"] for each in found["segments"]))) == sorted(map(str, values))


async def test_first_day_to_the_edge_of_the_calendar(client: httpx2.AsyncClient) -> None:
    found = await insight(client, "funnel", **{"from": "1900-01-01", "to": "9998-12-31"})
    assert found["steps"][0]["count"] == 0
