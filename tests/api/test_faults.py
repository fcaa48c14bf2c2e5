"""Faults of the service, and clients that go away: what is answered, and what the log says."""

import httpx2
import pytest
from starlette.types import Message
from structlog.testing import capture_logs

from app.main import create_app
from tests.api.calls import is_problem
from tests.support.service import OPERATOR_KEY, settings_for

ROUTES = [
    ("POST", "/v1/events"),
    ("GET", "/v1/handoffs"),
    ("GET", "/v1/scores"),
    ("POST", "/v1/partners/batch"),
]
READING = [path for method, path in ROUTES if method == "POST"]


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_a_fault_is_told_to_the_log_alone(sqlite_url: str, method: str, path: str) -> None:
    """In a service that was never started, so that no route has anything to work with."""
    app = create_app(settings_for(sqlite_url))
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    with capture_logs() as logs:
        async with httpx2.AsyncClient(transport=transport, base_url="http://service") as client:
            answer = await client.request(method, path)
    assert is_problem(answer, 500, "internal")
    assert "handraiser" not in answer.text
    assert [(each["event"], each["method"], each["route"]) for each in logs] == [
        ("unexpected error", method, path)
    ]


async def test_a_log_has_no_partner_of_a_path(sqlite_url: str) -> None:
    transport = httpx2.ASGITransport(create_app(settings_for(sqlite_url)), raise_app_exceptions=False)
    with capture_logs() as logs:
        async with httpx2.AsyncClient(transport=transport, base_url="http://service") as client:
            await client.get("/v1/partners/acme/score")
    assert [each["route"] for each in logs] == ["/v1/partners/{partner:path}/score"]


@pytest.mark.parametrize("path", READING)
async def test_who_goes_away_is_no_fault(sqlite_url: str, path: str) -> None:
    app = create_app(settings_for(sqlite_url))
    headers = {"authorization": f"Bearer {OPERATOR_KEY}"}
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": [(b"authorization", headers["authorization"].encode()), (b"x-program", b"acme")],
    }
    sent = list[Message]()

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    transport = httpx2.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://service", headers=headers) as client,
    ):
        (await client.post("/v1/programs", json={"id": "acme", "name": "Acme"})).raise_for_status()
        with capture_logs() as logs:
            await app(scope, receive, send)
    assert logs == []
    assert [message.get("status") for message in sent] == [200, None]
