"""The fast lane: whatever is in a request, the lane and the framework answer alike."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import httpx2
import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.fast_lane import FastLane
from app.main import FAST, create_app
from tests.api.calls import activate, click, post
from tests.support.service import OPERATOR_KEY, settings_for

SCORE, FEED = "/v1/partners/acme/score", "/v1/scores"
OPERATOR = f"Bearer {OPERATOR_KEY}"
ACME = {"authorization": OPERATOR, "x-program": "acme"}

ANSWERED = [
    SCORE,
    "/v1/partners/gone/score",
    "/v1/partners/a%2Fb%20%C3%BC/score",
    "/v1/partners/merged/score",
] + [
    f"{FEED}{query}"
    for query in (
        "",
        "?limit=1",
        "?cursor=",
        "?limit=1&cursor=WzBd",
        "?limit=200&limit=1",
        "?other=1",
        "?limit=%2B1",
    )
]
"""What the lane answers by itself."""

LEFT = (
    [
        f"{SCORE}{rest}"
        for rest in (
            "?",
            "?as_of=2026-03-01",
            "?as_of=soon",
            "?rubric=7",
            "?rubric=1&rubric=2",
            "?other=1",
            "/",
            "%0A",
        )
    ]
    + [
        f"/v1/partners/{partner}/score"
        for partner in (
            "",
            "%00",
            "a%0Ab",
            "%FF",
            "..",
            "acme%3Fas_of=soon",
            "acme/score",
            "%7Bpartner:path%7D",
            "x" * 300,
        )
    ]
    + [
        f"{FEED}{query}"
        for query in (
            "/",
            "?limit=0",
            "?limit=201",
            "?limit=",
            "?limit=1&limit=many",
            "?limit=1;limit=2",
            "?limit=%00",
        )
    ]
    + [
        f"{FEED}?cursor={cursor}"
        for cursor in (
            "x",
            "%FF",
            "%C3%BC",
            "WzBd&cursor=x",
            "Wy0xXQ",
            "WzksOV0",
            "WzkyMjMzNzIwMzY4NTQ3NzU4MDhd",
        )
    ]
)
"""What it may leave to the framework."""

CALLERS: dict[str, dict[str, str]] = {
    "nobody": {},
    "stranger": {"authorization": "Bearer hr_stranger"},
    "basic": {"authorization": f"Basic {OPERATOR_KEY}"},
    "lower": {"authorization": f"bearer {OPERATOR_KEY}", "x-program": "acme"},
    "nowhere": {"authorization": OPERATOR},
    "elsewhere": {"authorization": OPERATOR, "x-program": "gone"},
    "knowing": ACME | {"if-none-match": "*"},
    "mistaken": ACME | {"if-none-match": '"other", W/"another"'},
}


@dataclass
class Town:
    """A running service's application, and the framework without the lane."""

    app: ASGIApp
    framework: ASGIApp
    sender: str
    """A key that may not read."""
    left: list[str] = field(default_factory=list)

    async def lane(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The lane, which notes what it leaves."""

        async def rest(scope: Scope, receive: Receive, send: Send) -> None:
            self.left.append(scope["path"])
            await self.framework(scope, receive, send)

        await FastLane(rest, FAST)(scope, receive, send)

    async def both(self, target: str, headers: dict[str, str], method: str = "GET") -> list[Any]:
        """What each of them answers."""
        return [await self.ask(each, target, headers, method) for each in (self.lane, self.framework)]

    async def ask(self, asked: ASGIApp, target: str, headers: dict[str, str], method: str = "GET") -> Any:
        """Status, headers and body of an answer to a request as a server passes it on."""
        path, _, query = target.partition("?")
        scope = {
            "type": "http",
            "app": self.app,
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
        sent = list[Message]()

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        await asked(scope, receive, send)
        told = {name: b"" if name == b"ratelimit" else value for name, value in sent[0]["headers"]}
        return sent[0]["status"], told, b"".join(each.get("body", b"") for each in sent[1:])


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    """A program with partners that have a score, one of them merged into another."""
    app = create_app(settings_for(database_url, rate_limit=10_000))
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://service") as client,
    ):
        client.headers["authorization"] = OPERATOR
        (await client.post("/v1/programs", json={"id": "acme", "name": "Acme"})).raise_for_status()
        client.headers["x-program"] = "acme"
        sender = await client.post("/v1/keys", json={"name": "sender", "scopes": ["events:write"]})
        await activate(client)
        await post(client, *(click(each, partner=each) for each in ("acme", "merged", "a/b ü", "last")))
        (await client.post("/v1/partners/merged/merge", json={"into": "acme"})).raise_for_status()
        yield Town(app, app.build_middleware_stack(), sender.json()["secret"])


async def test_the_same_answer_to_anything(town: Town) -> None:
    for target in ANSWERED + LEFT:
        lane, framework = await town.both(target, ACME)
        assert lane == framework, target


@pytest.mark.parametrize("target", [SCORE, FEED, f"{FEED}?limit=0", f"{FEED}?cursor=x"])
async def test_the_same_answer_to_anybody(town: Town, target: str) -> None:
    sender = {"authorization": f"Bearer {town.sender}"}
    for who, headers in {**CALLERS, "sender": sender}.items():
        lane, framework = await town.both(target, headers)
        assert lane == framework, who


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "POST", "DELETE"])
async def test_the_same_answer_to_any_method(town: Town, method: str) -> None:
    for target in (SCORE, FEED):
        lane, framework = await town.both(target, ACME, method)
        assert lane == framework


async def test_what_is_asked_for_all_day_is_not_left(town: Town) -> None:
    for target in ANSWERED:
        await town.ask(town.lane, target, ACME)
    assert town.left == []


@pytest.mark.parametrize("target", [SCORE, FEED])
async def test_who_knows_it_is_sent_nothing(town: Town, target: str) -> None:
    status, headers, _ = await town.ask(town.lane, target, ACME)
    for again in await town.both(target, ACME | {"if-none-match": headers[b"etag"].decode()}):
        assert (status, again[0], again[2]) == (200, 304, b"")
