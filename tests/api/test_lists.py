"""Lists: every one is read by cursor to its end, whatever the size of the page; filters."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from tests.api.calls import ago, click, client_of, every, is_problem, post
from tests.api.world import EACH, World
from tests.support.service import Service

# What to list, with what names an item, and how many there are.
LISTS = [
    ("/v1/events", "id", 2 * EACH),
    ("/v1/events?verdict=human&type=email.clicked", "id", EACH),
    ("/v1/events/parked", "id", EACH),
    ("/v1/partners", "id", EACH),
    ("/v1/partners?sort=name", "id", EACH),
    ("/v1/partners?sort=-last_event_at", "id", EACH),
    ("/v1/rubrics", "version", EACH),
    ("/v1/handoffs", "id", EACH),
    ("/v1/webhooks", "id", EACH),
    ("/v1/deliveries", "id", EACH),
    ("/v1/sources", "id", EACH),
    ("/v1/keys", "id", EACH + 1),
]


@pytest.fixture
async def reader(service: Service, world: World) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the program that has something of everything."""
    async with client_of(service, world.key) as opened:
        yield opened


@pytest.mark.parametrize(("path", "name", "count"), LISTS)
@pytest.mark.parametrize("limit", [2, EACH])
async def test_read_to_the_end(
    reader: httpx2.AsyncClient, path: str, name: str, count: int, limit: int
) -> None:
    found = [item[name] for item in await every(reader, path, limit=limit)]
    assert len(found) == len(set(found)) == count
    assert found == [item[name] for item in (await reader.get(path)).json()["items"]]


async def test_link_to_the_next_page(reader: httpx2.AsyncClient) -> None:
    first = await reader.get("/v1/partners", params={"limit": 2, "sort": "name"})
    address = first.headers["link"].removeprefix("<").removesuffix('>; rel="next"')
    second = await reader.get(address)
    assert len(first.json()["items"]) + len(second.json()["items"]) == EACH
    assert (second.json()["next"], "link" in second.headers) == (None, False)


@pytest.mark.parametrize("path", sorted({path.split("?")[0] for path, _, _ in LISTS} | {"/v1/scores"}))
async def test_no_cursor_of_this_list(reader: httpx2.AsyncClient, path: str) -> None:
    for cursor in ("x", "😀", "bnVsbA", "e30", "WzFd" * 50, "WyJcdWQ4MDAiXQ", "WyJcdTAwMDAiXQ", "WzFlOTldXQ"):
        answer = await reader.get(path, params={"cursor": cursor})
        assert is_problem(answer, 422, "invalid"), cursor
        assert answer.json()["errors"][0]["path"] == "cursor"


# Cursors that could be right: counts and instants that no database holds.
@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/v1/rubrics", "WzQyOTQ5NjcyOTZd"),  # [4294967296]
        ("/v1/scores", "WzkyMjMzNzIwMzY4NTQ3NzU4MDhd"),  # [9223372036854775808]
        ("/v1/handoffs", "WzQyOTQ5NjcyOTYsIDEuMCwgIjIwMjYtMDEtMDFUMDA6MDA6MDBaIiwgIngiXQ"),
        ("/v1/deliveries", "WyI5OTk5LTEyLTMxVDIzOjU5OjU5LTEyOjAwIiwgImEiXQ"),
        ("/v1/events", "WyI5OTk5LTEyLTMxVDIzOjU5OjU5LTEyOjAwIiwgImEiLCAiYiJd"),
    ],
)
async def test_cursor_beyond_the_database(reader: httpx2.AsyncClient, path: str, place: str) -> None:
    assert is_problem(await reader.get(path, params={"cursor": place}), 422, "invalid")


@pytest.mark.parametrize("limit", ["0", "201", "-1", "many", ""])
@pytest.mark.parametrize("path", ["/v1/events", "/v1/scores", "/v1/keys"])
async def test_limit_of_a_page(reader: httpx2.AsyncClient, path: str, limit: str) -> None:
    answer = await reader.get(path, params={"limit": limit})
    assert is_problem(answer, 422, "invalid")
    assert answer.json()["errors"][0]["path"] == "limit"


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("/v1/partners?owner=rep@vendor.example", EACH),
        ("/v1/partners?owner=nobody", 0),
        ("/v1/partners?band=hot", EACH),
        ("/v1/partners?band=cold", 0),
        ("/v1/partners?grade=B", EACH),
        ("/v1/partners?min_score=30", EACH),
        ("/v1/partners?min_score=30.000001", 0),
        ("/v1/partners?min_score=-1e308", EACH),
        ("/v1/partners?min_score=1e308", 0),
        ("/v1/partners?q=PARTNER%201", EACH // 2),
        ("/v1/partners?q=partner-2", 1),
        ("/v1/partners?q=%25", 0),
        ("/v1/partners?q=_", 0),
        ("/v1/events?partner=partner-1", 1),
        ("/v1/events?contact=CONTACT-1", 0),
        ("/v1/events?contact=JO-1@nobody.example", 1),
        ("/v1/events?type=tradeshow.attended", EACH),
        ("/v1/events?source=tests", 2 * EACH),
        ("/v1/events?source=other", 0),
        ("/v1/events?verdict=machine", 0),
        ("/v1/handoffs?state=open", EACH),
        ("/v1/handoffs?state=closed", 0),
        ("/v1/handoffs?owner=rep@vendor.example", EACH),
        ("/v1/handoffs?partner=partner-2", 1),
        ("/v1/handoffs?band=hot&grade=B", EACH),
        ("/v1/handoffs?grade=A", 0),
        ("/v1/handoffs?due_before=2000-01-01T00:00:00Z", 0),
        ("/v1/handoffs?due_before=9000-01-01T00:00:00Z", EACH),
        ("/v1/deliveries?since=2000-01-01T00:00:00Z", EACH),
        ("/v1/deliveries?since=9000-01-01T00:00:00Z", 0),
        ("/v1/deliveries?webhook=wh_other", 0),
        ("/v1/deliveries?status=delivered", 0),
    ],
)
async def test_filter(reader: httpx2.AsyncClient, path: str, count: int) -> None:
    assert len((await reader.get(path)).json()["items"]) == count


async def test_events_since_and_until(client: httpx2.AsyncClient) -> None:
    await post(client, *(click(f"{days} days ago", occurred_at=ago(days=days)) for days in (1, 2, 3)))
    found = await every(client, "/v1/events", since=ago(days=2.5), until=ago(days=1.5))
    assert [event["id"] for event in found] == ["2 days ago"]


@pytest.mark.parametrize("path", ["/v1/events?since=", "/v1/events?until=", "/v1/handoffs?due_before="])
@pytest.mark.parametrize(
    "instant",
    [
        *("yesterday", "1772442360", "2026-03-02", "2026-03-02T09:06:00"),
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"),
    ],
)
async def test_what_is_no_instant(reader: httpx2.AsyncClient, path: str, instant: str) -> None:
    assert is_problem(await reader.get(path + quote(instant)), 422, "invalid")


@pytest.mark.parametrize(
    "query", ["/v1/partners?sort=rating", "/v1/partners?band=lukewarm", "/v1/partners?min_score=nan"]
)
async def test_what_is_no_filter(reader: httpx2.AsyncClient, query: str) -> None:
    assert is_problem(await reader.get(query), 422, "invalid")


@pytest.mark.parametrize(
    "path",
    [
        *("/v1/partners/%00", "/v1/contacts/%00", "/v1/handoffs/%00", "/v1/webhooks/%00", "/v1/sources/%00"),
        *("/v1/partners?q=a%00", "/v1/partners?owner=%00", "/v1/events?type=%00", "/v1/events?partner=%00"),
        *("/v1/handoffs?owner=%00", "/v1/deliveries?webhook=%00"),
    ],
)
async def test_nul_in_the_address(reader: httpx2.AsyncClient, path: str) -> None:
    assert is_problem(await reader.get(path), 400, "malformed")


async def test_newest_event_first(client: httpx2.AsyncClient) -> None:
    await post(client, *(click(str(days), occurred_at=ago(days=days)) for days in (2, 1, 3)))
    assert [event["id"] for event in await every(client, "/v1/events", limit=1)] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("-score", ["hot", "warm", "new"]),
        ("name", ["warm", "hot", "new"]),
        ("-last_event_at", ["warm", "hot", "new"]),
    ],
)
async def test_order_of_partners(
    client: httpx2.AsyncClient, activated: Any, sort: str, order: list[str]
) -> None:
    names = {"hot": "beta", "warm": "Alpha", "new": "Gamma"}
    await client.post("/v1/partners/batch", json=[{"id": id_, "name": name} for id_, name in names.items()])
    old = {"partner": "hot", "occurred_at": ago(days=1)}
    await post(client, click("1", partner="warm"), click("2", **old), click("3", **old))
    assert [each["id"] for each in await every(client, "/v1/partners", sort=sort, limit=1)] == order
