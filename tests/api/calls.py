"""What the tests of the HTTP contract say again and again."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx2

from app import clock
from tests.support.service import ADMIN, OPERATOR_KEY, Service

Json = dict[str, Any]

RUBRIC: Json = {
    "name": "Contract",
    "rules": [
        {"id": "click", "on": "email.clicked", "points": 5},
        {"id": "show", "on": "tradeshow.attended", "points": 30},
    ],
    "fit": {
        "rules": [{"id": "size", "where": {"employees": {"at_least": 10}}, "points": 10}],
        "grades": {"A": 10, "B": 0},
    },
    "bands": {"cold": 0, "warm": 10, "hot": 25},
    "handoff": {
        "at": 25,
        "rearm_below": 15,
        "rearm_after_days": {"default": 30, "unreachable": 0, "rejected": 90},
    },
}


# To load the usual certificates takes 40 ms, and nothing here is on TLS.
_NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def client_of(service: Service, key: str | None = None, **headers: str) -> httpx2.AsyncClient:
    """A client that sends this key, or none."""
    if key is not None:
        headers["Authorization"] = f"Bearer {key}"
    return httpx2.AsyncClient(
        base_url=service.url, headers=headers, timeout=30, trust_env=False, verify=_NO_CERTIFICATES
    )


async def key_of(service: Service, program: str, scopes: tuple[str, ...] = ADMIN, name: str = "tests") -> str:
    """A key of a program, which is created if it is new."""
    async with client_of(service, OPERATOR_KEY) as operator:
        await operator.post("/v1/programs", json={"id": program, "name": program})
        form = {"name": name, "scopes": list(scopes)}
        made = await operator.post("/v1/keys", json=form, headers={"X-Program": program})
        secret: str = made.raise_for_status().json()["secret"]
        return secret


def click(id_: str = "evt-1", **fields: Any) -> Json:
    """An event of the partner `acme`, unless `fields` say otherwise; None leaves a field out."""
    event = {"id": id_, "type": "email.clicked", "partner": "acme", **fields}
    return {name: value for name, value in event.items() if value is not None}


def ago(**span: float) -> str:
    """The time that was so long ago, as events carry it."""
    return (clock.now() - timedelta(**span)).isoformat()


async def activate(client: httpx2.AsyncClient, rubric: Json = RUBRIC) -> int:
    """Store a rubric and make it active; its version."""
    version: int = (await client.post("/v1/rubrics", json=rubric)).json()["version"]
    (await client.post(f"/v1/rubrics/{version}/activate")).raise_for_status()
    return version


async def post(client: httpx2.AsyncClient, *events: Json) -> list[Json]:
    """Post events in one request; their results."""
    answer = await client.post("/v1/events", json=list(events))
    assert answer.status_code == 200, answer.text
    results: list[Json] = answer.json()["results"]
    return results


async def raise_hand(client: httpx2.AsyncClient, partner: str = "acme", **fields: Any) -> str:
    """Let a partner cross the threshold of RUBRIC; the id of its hand-off."""
    fields = {"type": "tradeshow.attended", "partner": partner, **fields}
    handoff: str = (await post(client, click(f"show-{partner}", **fields)))[0]["handoff"]
    return handoff


async def score(client: httpx2.AsyncClient, partner: str = "acme", **parameters: Any) -> float:
    """A partner's score."""
    found: float = (await client.get(f"/v1/partners/{partner}/score", params=parameters)).json()["score"]
    return found


async def every(client: httpx2.AsyncClient, path: str, **parameters: Any) -> list[Json]:
    """All items of a list, page by page."""
    url, items = httpx2.URL(path).copy_merge_params(parameters), []
    while True:
        page = (await client.get(url)).raise_for_status().json()
        items += page["items"]
        if not page["next"]:
            return items
        url = url.copy_set_param("cursor", page["next"])


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Ask until it holds; everything else runs meanwhile."""
    async with asyncio.timeout(30):
        while not await holds():
            pass


def is_problem(answer: httpx2.Response, status: int, code: str) -> bool:
    """Whether an answer is a problem of this kind, as RFC 9457 writes it."""
    if answer.headers["content-type"] != "application/problem+json":
        return False
    document = answer.json()
    return (answer.status_code, document["status"], document["code"]) == (status, status, code) and bool(
        document["title"] and document["detail"] and document["type"]
    )
