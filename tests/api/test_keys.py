"""Programs, keys and scopes: who may do what, on every route there is."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from app.services.programs import SCOPES, checksum
from tests.api.calls import client_of, every, is_problem, key_of
from tests.api.routes import PUBLIC, ROUTES, Route
from tests.support.service import OPERATOR_KEY, Service


@pytest.fixture
async def operator(service: Service) -> AsyncIterator[httpx2.AsyncClient]:
    """A client with the operator's key."""
    async with client_of(service, OPERATOR_KEY) as opened:
        yield opened


async def status(service: Service, key: str) -> int:
    async with client_of(service, key) as client:
        return (await client.get("/v1/partners")).status_code


@pytest.mark.parametrize("scope", [None, *SCOPES])
async def test_scope_opens_its_routes_and_no_others(
    service: Service, program: str, scope: str | None
) -> None:
    headers = {} if scope is None else {"Authorization": f"Bearer {await key_of(service, program, (scope,))}"}
    async with client_of(service, **headers) as client:
        found = {route: await _verdict(client, route) for route in ROUTES}
    assert found == {route: _expected(route, scope) for route in ROUTES}


async def _verdict(client: httpx2.AsyncClient, route: Route) -> str:
    answer = await client.request(route.method, route.filled())
    if answer.status_code in {401, 403}:
        assert is_problem(
            answer, answer.status_code, {401: "unauthenticated", 403: "forbidden"}[answer.status_code]
        )
        return str(answer.status_code)
    return "let in"


def _expected(route: Route, scope: str | None) -> str:
    if route in PUBLIC or (
        scope is not None and scope in {route.scope, "admin"} and route.scope != "operator"
    ):
        return "let in"
    return "401" if scope is None else "403"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/openapi.json", "/docs"])
async def test_service_itself_needs_no_key(service: Service, path: str) -> None:
    async with client_of(service) as stranger:
        assert (await stranger.get(path)).status_code == 200


async def test_key_is_shown_once(client: httpx2.AsyncClient) -> None:
    answer = await client.post(
        "/v1/keys", json={"name": "marketo", "scopes": ["read", "events:write", "read"]}
    )
    made = answer.json()
    assert answer.status_code == 201
    assert made["secret"].startswith("hrk_")
    assert made["scopes"] == ["events:write", "read"]
    known = {name: value for name, value in made.items() if name != "secret"}
    assert known in await every(client, "/v1/keys")


async def test_revoked_key_is_refused_at_once(service: Service, client: httpx2.AsyncClient) -> None:
    made = (await client.post("/v1/keys", json={"name": "x", "scopes": ["read"]})).json()
    assert await status(service, made["secret"]) == 200
    assert (await client.delete(f"/v1/keys/{made['id']}")).status_code == 204
    assert await status(service, made["secret"]) == 401
    assert made["id"] not in [each["id"] for each in await every(client, "/v1/keys")]
    assert is_problem(await client.delete(f"/v1/keys/{made['id']}"), 404, "not_found")


async def test_key_that_is_none(service: Service, client: httpx2.AsyncClient) -> None:
    real = client.headers["Authorization"].removeprefix("Bearer ")
    unknown = "A" * 30
    for key in (
        real[:-1],
        real + "A",
        real.swapcase(),
        real.replace("hrk_", "ghp_"),
        f"hrk_{unknown}AAAAAA",
        f"hrk_{unknown}{checksum(unknown)}",
        OPERATOR_KEY[:-1],
    ):
        assert await status(service, key) == 401, key


@pytest.mark.parametrize(
    "form",
    [
        {"name": "", "scopes": ["read"]},
        {"name": "x" * 101, "scopes": ["read"]},
        {"name": "x", "scopes": []},
        {"name": "x", "scopes": ["write"]},
        {"scopes": ["read"]},
    ],
    ids=str,
)
async def test_key_refused(client: httpx2.AsyncClient, form: object) -> None:
    assert is_problem(await client.post("/v1/keys", json=form), 422, "invalid")


async def test_program_is_created_by_the_operator(operator: httpx2.AsyncClient, program: str) -> None:
    answer = await operator.post("/v1/programs", json={"id": program, "name": "Acme Storage"})
    assert (answer.status_code, answer.json()) == (201, {"id": program, "name": "Acme Storage"})
    again = await operator.post("/v1/programs", json={"id": program, "name": "Other"})
    assert is_problem(again, 409, "conflict")


@pytest.mark.parametrize("id_", ["", "Acme", "-acme", "a b", "a/b", "a" * 64, "ä"])
async def test_id_of_a_program(operator: httpx2.AsyncClient, id_: str) -> None:
    assert is_problem(await operator.post("/v1/programs", json={"id": id_, "name": "x"}), 422, "invalid")


async def test_operator_must_name_the_program(operator: httpx2.AsyncClient) -> None:
    answer = await operator.get("/v1/partners")
    assert is_problem(answer, 422, "invalid")
    assert [error["path"] for error in answer.json()["errors"]] == ["X-Program"]
    unknown = await operator.get("/v1/partners", headers={"X-Program": "none"})
    assert is_problem(unknown, 404, "not_found")


async def test_operator_acts_in_any_program(
    operator: httpx2.AsyncClient, client: httpx2.AsyncClient, program: str
) -> None:
    await client.put("/v1/partners/acme", json={})
    found = await operator.get("/v1/partners", headers={"X-Program": program})
    assert [each["id"] for each in found.json()["items"]] == ["acme"]


async def test_key_acts_in_its_own_program_only(
    service: Service, client: httpx2.AsyncClient, program: str
) -> None:
    other = f"{program[:40]}-other"
    await key_of(service, other)
    own = await client.get("/v1/partners", headers={"X-Program": program})
    foreign = await client.get("/v1/partners", headers={"X-Program": other})
    assert own.status_code == 200
    assert is_problem(foreign, 404, "not_found")
