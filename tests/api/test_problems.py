"""Errors: problem details everywhere, which name what is wrong and never more than that."""

from typing import Any

import httpx2
import pytest

from tests.api.calls import client_of, is_problem
from tests.support.service import Service


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/nothing", "/v1/partners/a/b/c", "/v2/events"])
async def test_unknown_route(client: httpx2.AsyncClient, path: str) -> None:
    assert is_problem(await client.get(path), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [("DELETE", "/v1/events", "POST"), ("POST", "/healthz", "GET"), ("PUT", "/in/key", "POST")],
)
async def test_unknown_method(client: httpx2.AsyncClient, method: str, path: str, allow: str) -> None:
    answer = await client.request(method, path)
    assert is_problem(answer, 405, "method_not_allowed")
    assert allow in answer.headers["allow"]


@pytest.mark.parametrize(
    "path",
    [
        *("/v1/partners/none", "/v1/partners/none/score", "/v1/partners/none/score/history"),
        *("/v1/contacts/none", "/v1/handoffs/none", "/v1/webhooks/none", "/v1/deliveries/none"),
        *("/v1/sources/none", "/v1/rubrics/7", "/v1/rubrics/active"),
    ],
)
async def test_unknown_thing(client: httpx2.AsyncClient, path: str) -> None:
    assert is_problem(await client.get(path), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/v1/partners/acme", {}),
        ("PATCH", "/v1/partners/acme", {}),
        ("POST", "/v1/partners/acme/merge", {"into": "other"}),
        ("POST", "/v1/partners/acme/adjustments", {"points": 1, "reason": "x"}),
        ("PUT", "/v1/contacts/jo", {}),
        ("PATCH", "/v1/events/tests/evt-1", {"verdict": "human", "reason": "x"}),
        ("POST", "/v1/rubrics/1/activate", {}),
        ("POST", "/v1/handoffs/ho/claim", {"by": "rep"}),
        ("POST", "/v1/handoffs/ho/release", {}),
        ("POST", "/v1/handoffs/ho/close", {"outcome": "accepted"}),
        ("POST", "/v1/webhooks", {"url": "https://crm.example/", "types": ["handoff.opened"]}),
        ("POST", "/v1/sources", {"kind": "sendgrid", "name": "x"}),
        ("POST", "/v1/keys", {"name": "x", "scopes": ["read"]}),
    ],
)
async def test_unknown_field_is_refused_by_name(
    client: httpx2.AsyncClient, method: str, path: str, body: dict[str, Any]
) -> None:
    answer = await client.request(method, path, json=body | {"typo": 1})
    assert is_problem(answer, 422, "invalid")
    assert [error["path"] for error in answer.json()["errors"]] == ["typo"]


@pytest.mark.parametrize(
    "body", [b"{", b"", b'{"name": NaN}', b'{"name": "a", "name": "b"}', b'{"name": "\\ud800"}', b"\xff"]
)
async def test_unreadable_body(client: httpx2.AsyncClient, body: bytes) -> None:
    answer = await client.put("/v1/partners/acme", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("kind", ["text/plain", "application/xml"])
async def test_form_of_another_content_type(client: httpx2.AsyncClient, kind: str) -> None:
    answer = await client.put("/v1/partners/acme", content=b"{}", headers={"Content-Type": kind})
    assert answer.status_code in {415, 422}
    assert answer.headers["content-type"] == "application/problem+json"


async def test_every_error_of_a_form_at_once(client: httpx2.AsyncClient) -> None:
    answer = await client.put(
        "/v1/partners/acme", json={"name": 7, "domains": ["not a domain"], "attributes": []}
    )
    paths = [error["path"] for error in answer.json()["errors"]]
    assert paths == ["name", "domains.0", "attributes"]


@pytest.mark.parametrize("header", ["", "Basic dTpw", "Bearer", "hrk_x", "Bearer hrk_x", "Bearer \xfc"])
async def test_no_bearer_key(service: Service, header: str) -> None:
    headers = httpx2.Headers({"Authorization": header}, encoding="latin-1")
    async with client_of(service) as stranger:
        answer = await stranger.get("/v1/partners", headers=headers)
    assert is_problem(answer, 401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"
