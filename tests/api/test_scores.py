"""Scores: explained on any day, under any version; adjusted by people; followed through the feed."""

import asyncio
from typing import Any

import httpx2
import pytest

from tests.api.calls import RUBRIC, Json, activate, ago, click, every, is_problem, post, score

FADING = RUBRIC | {"fade": {"half_life_days": 30}}


async def test_partner_without_events(client: httpx2.AsyncClient, activated: int) -> None:
    await client.put("/v1/partners/acme", json={})
    found = (await client.get("/v1/partners/acme/score")).json()
    assert (found["score"], found["band"], found["lines"], found["last_event_at"]) == (0.0, "cold", [], None)


async def test_program_without_a_rubric(client: httpx2.AsyncClient) -> None:
    await post(client, click())
    found = (await client.get("/v1/partners/acme/score")).json()
    assert (found["score"], found["rubric_version"]) == (0.0, None)


async def test_as_of_an_earlier_day(client: httpx2.AsyncClient) -> None:
    await activate(client, FADING)
    await post(client, click("1", occurred_at=ago(days=30)), click("2"))
    found = (await client.get("/v1/partners/acme/score", params={"as_of": ago(days=30)[:10]})).json()
    assert (found["score"], found["as_of"]) == (5.0, ago(days=30)[:10])
    assert await score(client) == 7.5


async def test_under_a_version_that_is_not_active(client: httpx2.AsyncClient, activated: int) -> None:
    await post(client, click("1", properties={"url": "/deals"}), click("2"))
    rules = [{"id": "deals", "on": "email.clicked", "points": 7, "where": {"url": "/deals"}}]
    other = (await client.post("/v1/rubrics", json=RUBRIC | {"rules": rules})).json()["version"]
    found = (await client.get("/v1/partners/acme/score", params={"rubric": other})).json()
    assert (found["score"], found["rubric_version"]) == (7.0, other)
    assert await score(client) == 10.0


async def test_lines_sum_to_the_score(client: httpx2.AsyncClient) -> None:
    await activate(client, FADING)
    await post(client, *(click(str(n), occurred_at=ago(days=n)) for n in range(10)))
    await client.post("/v1/partners/acme/adjustments", json={"points": -1.5, "reason": "mistaken"})
    found = (await client.get("/v1/partners/acme/score")).json()
    assert [line["rule"] for line in found["lines"]] == ["click", "adjustment"]
    assert round(sum(line["faded_points"] for line in found["lines"]), 6) == found["score"]


@pytest.mark.parametrize(
    ("parameters", "path"),
    [
        ({"as_of": "yesterday"}, "as_of"),
        ({"as_of": "2026-02-30"}, "as_of"),
        ({"as_of": "0001-01-01"}, "as_of"),
        ({"as_of": "9999-12-31"}, "as_of"),
        ({"rubric": "0"}, "rubric"),
        ({"rubric": "99999999999999999999"}, "rubric"),
        ({"rubric": "one"}, "rubric"),
    ],
)
async def test_what_is_no_day_or_version(client: httpx2.AsyncClient, parameters: Json, path: str) -> None:
    await post(client, click())
    answer = await client.get("/v1/partners/acme/score", params=parameters)
    assert is_problem(answer, 422, "invalid")
    assert answer.json()["errors"][0]["path"] == path


async def test_unknown_version(client: httpx2.AsyncClient, activated: int) -> None:
    await post(client, click())
    answer = await client.get("/v1/partners/acme/score", params={"rubric": 7})
    assert is_problem(answer, 404, "not_found")


async def history(client: httpx2.AsyncClient, **parameters: Any) -> list[Json]:
    answer = await client.get("/v1/partners/acme/score/history", params=parameters)
    items: list[Json] = answer.raise_for_status().json()["items"]
    return items


async def test_history_is_the_score_of_each_day(client: httpx2.AsyncClient) -> None:
    await activate(client, FADING)
    await post(client, click("1", occurred_at=ago(days=9)), click("2", occurred_at=ago(days=4)))
    days = await history(client, **{"from": ago(days=10)[:10], "to": ago(days=0)[:10]})
    assert len(days) == 11
    for day in (days[0], days[1], days[6], days[10]):
        assert day["score"] == await score(client, as_of=day["day"])


async def test_history_of_the_last_thirty_days(client: httpx2.AsyncClient, activated: int) -> None:
    await post(client, click(occurred_at=ago(days=29)))
    assert [day["score"] for day in await history(client)] == [5.0] * 30


@pytest.mark.parametrize(
    "period",
    [
        {"from": "2026-03-02", "to": "2026-03-01"},
        {"from": "2000-01-01", "to": "2026-03-01"},
        {"from": "9999-12-31"},
        {"to": "0001-01-01"},
    ],
    ids=str,
)
async def test_period_of_a_history(client: httpx2.AsyncClient, period: Json) -> None:
    await post(client, click())
    answer = await client.get("/v1/partners/acme/score/history", params=period)
    assert is_problem(answer, 422, "invalid")


async def adjust(client: httpx2.AsyncClient, **form: Any) -> httpx2.Response:
    form = {"points": 12.5, "reason": "asked for a demo", **form}
    return await client.post("/v1/partners/acme/adjustments", json=form)


@pytest.fixture
async def adjusted(client: httpx2.AsyncClient, activated: int) -> httpx2.AsyncClient:
    """A client of a program whose partner has an adjustment with an id."""
    await client.put("/v1/partners/acme", json={})
    assert (await adjust(client, id="crm-7")).status_code == 201
    return client


async def test_adjustment_has_a_line_of_its_own(adjusted: httpx2.AsyncClient) -> None:
    found = (await adjusted.get("/v1/partners/acme/score")).json()
    (line,) = found["lines"]
    assert (found["score"], line["rule"], line["points"]) == (12.5, "adjustment", 12.5)
    (event,) = await every(adjusted, "/v1/events")
    assert (event["type"], event["properties"]["reason"]) == ("score.adjusted", "asked for a demo")


async def test_adjustment_repeated(adjusted: httpx2.AsyncClient) -> None:
    answer = await adjust(adjusted, id="crm-7")
    assert (answer.json()["status"], answer.json()["score"]) == ("duplicate", 12.5)


async def test_adjustment_with_the_id_of_another(adjusted: httpx2.AsyncClient) -> None:
    assert is_problem(await adjust(adjusted, id="crm-7", points=1), 409, "conflict")
    assert await score(adjusted) == 12.5


async def test_adjustments_without_an_id_add_up(adjusted: httpx2.AsyncClient) -> None:
    await adjust(adjusted, points=-2)
    await adjust(adjusted, points=-2)
    assert await score(adjusted) == 8.5


@pytest.mark.parametrize(
    ("form", "path"),
    [
        ({"points": 0.0001}, "points"),
        ({"points": 1_000_001}, "points"),
        ({"points": "5"}, "points"),
        ({"points": True}, "points"),
        ({"points": None}, "points"),
        ({"reason": ""}, "reason"),
        ({"reason": "   "}, "reason"),
        ({"reason": None}, "reason"),
        ({"id": ""}, "id"),
    ],
    ids=str,
)
async def test_adjustment_refused(adjusted: httpx2.AsyncClient, form: Json, path: str) -> None:
    answer = await adjust(adjusted, **form)
    assert is_problem(answer, 422, "invalid")
    assert [error["path"] for error in answer.json()["errors"]] == [path]


@pytest.mark.parametrize("points", [0.001, 0.1, 1.005, 123456.789, -999999.999])
async def test_adjustment_of_thousandths_is_exact(
    client: httpx2.AsyncClient, activated: int, points: float
) -> None:
    await client.put("/v1/partners/acme", json={})
    assert (await adjust(client, points=points)).json()["score"] == points


async def read_feed(client: httpx2.AsyncClient, cursor: str | None, limit: int = 2) -> tuple[list[Json], str]:
    """What the feed has after a cursor, and where to go on."""
    items: list[Json] = []
    while True:
        parameters: Json = {"limit": limit} | ({"cursor": cursor} if cursor else {})
        page = (await client.get("/v1/scores", params=parameters)).raise_for_status().json()
        if not page["items"]:
            return items, page["next"]
        items += page["items"]
        cursor = page["next"]


async def test_feed_resumes_where_it_ended(client: httpx2.AsyncClient, activated: int) -> None:
    await post(client, *(click(str(n), partner=f"p{n}") for n in range(5)))
    first, cursor = await read_feed(client, None)
    assert {each["partner"] for each in first} == {f"p{n}" for n in range(5)}
    await post(client, click("again", partner="p3"))
    second, cursor = await read_feed(client, cursor)
    assert [(each["partner"], each["score"]) for each in second] == [("p3", 10.0)]
    assert await read_feed(client, cursor) == ([], cursor)


async def test_feed_skips_nobody_under_concurrent_writers(client: httpx2.AsyncClient, activated: int) -> None:
    async def write(writer: int) -> None:
        for n in range(10):
            await post(client, *(click(f"{writer}-{n}-{i}", partner=f"p{writer}-{n}") for i in range(2)))

    writing = asyncio.gather(*(write(writer) for writer in range(4)))
    seen: dict[str, float] = {}
    cursor: str | None = None
    while not writing.done():
        items, cursor = await read_feed(client, cursor, limit=3)
        seen |= {each["partner"]: each["score"] for each in items}
    await writing
    items, _ = await read_feed(client, cursor)
    seen |= {each["partner"]: each["score"] for each in items}
    assert seen == {f"p{writer}-{n}": 10.0 for writer in range(4) for n in range(10)}


async def test_feed_tells_of_a_new_grade_and_of_disarming(client: httpx2.AsyncClient, activated: int) -> None:
    await client.put("/v1/partners/acme", json={})
    _, cursor = await read_feed(client, None)
    await client.patch("/v1/partners/acme", json={"attributes": {"employees": 40}})
    graded, cursor = await read_feed(client, cursor)
    await post(client, click(type="tradeshow.attended"))
    raised, _ = await read_feed(client, cursor)
    assert [each["grade"] for each in graded] == ["A"]
    assert [(each["armed"], each["open_handoff"] is not None) for each in raised] == [(False, True)]
