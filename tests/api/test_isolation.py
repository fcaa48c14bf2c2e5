"""One program never sees another's data, on any route that the OpenAPI document has."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from tests.api.calls import Json, ago, client_of, every, is_problem, key_of, post
from tests.api.calls import click as click_of
from tests.api.routes import PUBLIC, ROUTES, Route
from tests.api.world import World
from tests.support.service import Service

# A body that each route would accept for a thing of its own program; a new route must be added here.
BODIES: dict[str, Json | None] = {
    "PATCH /v1/events/{source}/{id_}": {"verdict": "machine", "reason": "scanner"},
    "POST /v1/partners/{partner}/adjustments": {"points": 5, "reason": "asked for a demo"},
    "PATCH /v1/partners/{partner}": {"name": "Taken over"},
    "POST /v1/partners/{partner}/merge": {"into": "mine"},
    "POST /v1/partners/{partner}/unmerge": None,
    "POST /v1/rubrics/{version}/activate": None,
    "POST /v1/rubrics/{version}/preview": None,
    "PATCH /v1/sources/{source}": {"name": "Taken over"},
    "POST /v1/sources/{source}/rotate-key": None,
    "POST /v1/sources/{source}/enable": None,
    "POST /v1/sources/{source}/retry": None,
    "POST /v1/sources/{source}/requests/{n}/retry": None,
    "PATCH /v1/webhooks/{webhook}": {"description": "Taken over"},
    "POST /v1/webhooks/{webhook}/rotate-secret": None,
    "POST /v1/webhooks/{webhook}/test": None,
    "POST /v1/webhooks/{webhook}/disable": None,
    "POST /v1/webhooks/{webhook}/enable": None,
    "POST /v1/webhooks/{webhook}/replay": {"status": "delivered"},
    "POST /v1/deliveries/{delivery}/retry": None,
    "POST /v1/handoffs/{handoff}/claim": {"by": "thief@other.example"},
    "POST /v1/handoffs/{handoff}/release": None,
    "POST /v1/handoffs/{handoff}/snooze": {"until": ago(days=-1)},
    "POST /v1/handoffs/{handoff}/unsnooze": None,
    "POST /v1/handoffs/{handoff}/assign": {"owner": "thief@other.example"},
    "POST /v1/handoffs/{handoff}/notes": {"note": "mine"},
    "POST /v1/handoffs/{handoff}/close": {"outcome": "accepted"},
}
# Whatever its id, a partner, contact or rep that is put is the caller's own.
OWN = {"PUT /v1/partners/{partner}", "PUT /v1/contacts/{contact}", "PUT /v1/reps/{email}"}

ONE = [route for route in ROUTES if route.parameters and route.name not in OWN]
MANY = [route for route in ROUTES if route.method == "GET" and not route.parameters and route not in PUBLIC]


@pytest.fixture
async def foreigner(service: Service, world: World, program: str) -> AsyncIterator[httpx2.AsyncClient]:
    """An admin of a program of his own, which has a partner."""
    async with client_of(service, await key_of(service, program)) as opened:
        await opened.put("/v1/partners/mine", json={})
        yield opened


@pytest.fixture
async def owner(service: Service, world: World) -> AsyncIterator[httpx2.AsyncClient]:
    """An admin of the program that has something of everything."""
    async with client_of(service, world.key) as opened:
        yield opened


@pytest.mark.parametrize("route", ONE, ids=lambda route: route.name)
async def test_foreign_thing_is_not_found(
    foreigner: httpx2.AsyncClient, owner: httpx2.AsyncClient, world: World, route: Route
) -> None:
    path = route.filled(**_ids(route, world))
    before = await _all(owner)
    body = BODIES[route.name] if route.method in {"POST", "PATCH"} else None
    answer = await foreigner.request(route.method, path, json=body)
    assert is_problem(answer, 404, "not_found"), answer.text
    assert await _all(owner) == before
    if route.method == "GET":
        assert (await owner.get(path)).status_code == 200


def _ids(route: Route, world: World) -> dict[str, str]:
    """In paths of events the source is its name, elsewhere its id."""
    return world.ids | ({"source": "tests"} if "id_" in route.parameters else {})


async def _all(owner: httpx2.AsyncClient) -> dict[str, str]:
    """All that the program shows, but deliveries, which go on by themselves."""
    return {
        route.path: (await owner.get(route.filled(), params={"limit": 200})).text
        for route in MANY
        if route.path != "/v1/deliveries"
    }


@pytest.mark.parametrize("route", MANY, ids=lambda route: route.name)
async def test_list_shows_only_ones_own(
    foreigner: httpx2.AsyncClient, owner: httpx2.AsyncClient, world: World, route: Route
) -> None:
    theirs = (await owner.get(route.filled(), params={"limit": 200})).text
    mine = await foreigner.get(route.filled(), params={"limit": 200})
    assert mine.status_code in {200, 404}
    told = [id_ for id_ in world.ids.values() if len(id_) > 1 and id_ in theirs]
    assert not [id_ for id_ in told if id_ in mine.text]


@pytest.mark.parametrize(
    "query",
    [
        *("/v1/events?partner={partner}", "/v1/events?contact={contact}", "/v1/events?source=tests"),
        *("/v1/handoffs?partner={partner}", "/v1/deliveries?webhook={webhook}", "/v1/partners?q={partner}"),
    ],
)
async def test_filter_by_a_foreign_id_finds_nothing(
    foreigner: httpx2.AsyncClient, owner: httpx2.AsyncClient, world: World, query: str
) -> None:
    assert (await owner.get(query.format(**world.ids))).json()["items"]
    assert (await foreigner.get(query.format(**world.ids))).json()["items"] == []


async def test_same_ids_are_other_things(
    foreigner: httpx2.AsyncClient, owner: httpx2.AsyncClient, world: World
) -> None:
    before = await _all(owner)
    await foreigner.put(f"/v1/partners/{world.ids['partner']}", json={"name": "Another"})
    await foreigner.put(f"/v1/contacts/{world.ids['contact']}", json={"name": "Another"})
    (result,) = await post(foreigner, click_of(world.ids["id_"], partner=world.ids["partner"]))
    assert result["status"] == "accepted"
    assert await _all(owner) == before


async def test_merge_into_a_foreign_partner(foreigner: httpx2.AsyncClient, world: World) -> None:
    answer = await foreigner.post("/v1/partners/mine/merge", json={"into": world.ids["partner"]})
    assert is_problem(answer, 404, "not_found")


async def test_contact_or_domain_known_elsewhere_says_nothing_here(
    foreigner: httpx2.AsyncClient, world: World
) -> None:
    results = await post(
        foreigner,
        click_of("by contact", partner=None, contact=world.ids["contact"]),
        click_of("by alias", partner=None, contact="alias-0"),
        click_of("by domain", partner=None, contact="jo@partner-0.example"),
    )
    assert [each["status"] for each in results] == ["parked", "parked", "parked"]


async def test_cursor_of_a_foreign_list_opens_nothing(
    foreigner: httpx2.AsyncClient, owner: httpx2.AsyncClient
) -> None:
    cursor = (await owner.get("/v1/partners", params={"limit": 1})).json()["next"]
    found = await every(foreigner, "/v1/partners", cursor=cursor)
    assert {each["id"] for each in found} <= {"mine"}
