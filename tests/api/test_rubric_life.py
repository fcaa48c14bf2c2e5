"""A rubric's life through HTTP: draft, preview, activate under load, compare, roll back."""

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count
from pathlib import Path
from typing import Any

import httpx2
import pytest

from app import clock
from app.db import open_database
from app.services.verifying import verify
from app.settings import Settings
from tests.api.calls import until
from tests.support.service import OPERATOR_KEY, SECRET_KEY, Service, running

ROOT = Path(__file__).parents[2]
PARTNERS = 60
EVERY = 1000
PRICED: dict[str, Any] = {"name": "One", "rules": [{"id": "visit", "on": "page.viewed", "points": 1}]}
REPRICED: dict[str, Any] = {
    "name": "Thousand",
    "rules": [
        {"id": "visit", "on": "page.viewed", "points": EVERY - 1},
        {"id": "deep", "on": "page.viewed", "points": 1, "where": {"path": "/deal"}},
    ],
    "bands": {"new": 0},
    "handoff": {"at": EVERY, "rearm_below": 0},
}
"""A visit is worth 1 under the one and 1,000 under the other, part of it by a signal that is new."""


@pytest.fixture(autouse=True)
def _small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("activating", "signal_counting"):
        monkeypatch.setattr(f"app.services.{module}.PARTNERS_AT_ONCE", 4)


async def stored(client: httpx2.AsyncClient, rubric: dict[str, Any]) -> str:
    """The path of a stored version."""
    answer = await client.post("/v1/rubrics", json=rubric)
    return f"/v1/rubrics/{answer.json()['version']}"


def visit(number: int) -> dict[str, Any]:
    """An event for one partner after the other."""
    return {
        "id": f"e{number}",
        "type": "page.viewed",
        "partner": f"p{number % PARTNERS:02}",
        "properties": {"path": "/deal"},
    }


@pytest.fixture
async def town(client: httpx2.AsyncClient) -> httpx2.AsyncClient:
    """Every partner has a visit, worth 1."""
    await client.post(f"{await stored(client, PRICED)}/activate")
    answer = await client.post("/v1/events", json=[visit(number) for number in range(PARTNERS)])
    assert answer.json()["accepted"] == PARTNERS
    return client


async def test_a_preview_with_a_new_signal_is_followed(town: httpx2.AsyncClient) -> None:
    path = f"{await stored(town, REPRICED)}/preview"
    assert (await town.get(path)).status_code == 404
    started = await town.post(path, json={})
    assert (started.status_code, started.json()["status"]) == (202, "running")
    seen = {started.json()["progress"]}

    async def done() -> bool:
        found = (await town.get(path)).json()
        seen.add(found["progress"] or 1)
        return bool(found["status"] == "done")

    await until(done)
    assert min(seen) < 1
    assert all(0 <= each <= 1 for each in seen)
    found = (await town.get(path)).json()
    assert (found["active_version"], found["partners"], found["entering"]["count"]) == (1, PARTNERS, PARTNERS)
    assert (await town.get("/v1/partners/p00/score")).json()["score"] == 1


async def test_everybody_who_enters_is_paged(town: httpx2.AsyncClient) -> None:
    await town.post("/v1/events", json=[visit(number) for number in range(PARTNERS, PARTNERS + 7)])
    path = f"{await stored(town, PRICED | {'handoff': {'at': 2, 'rearm_below': 1}})}/preview"
    assert (await town.post(path)).json()["status"] == "done"
    first = (await town.get(f"{path}/entering", params={"limit": 4})).json()
    second = (await town.get(f"{path}/entering", params={"limit": 4, "cursor": first["next"]})).json()
    assert [each["partner"] for each in first["items"] + second["items"]] == [f"p0{n}" for n in range(7)]
    assert second["next"] is None
    assert (await town.get(f"{path}/leaving")).json()["items"] == []


async def test_known_signals_are_answered_at_once(town: httpx2.AsyncClient) -> None:
    path = f"{await stored(town, PRICED | {'handoff': {'at': 1, 'rearm_below': 0}})}/preview"
    answer = await town.post(path)
    assert (answer.status_code, answer.json()["entering"]["count"]) == (200, PARTNERS)


async def test_a_day_that_is_not_over(town: httpx2.AsyncClient) -> None:
    answer = await town.post("/v1/rubrics/1/preview", json={"as_of": "9998-01-01"})
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "as_of")


async def test_diff_drop_and_versions(town: httpx2.AsyncClient) -> None:
    draft = await stored(town, REPRICED)
    found = (await town.get("/v1/rubrics/1/diff/2")).json()
    assert "visit: 1 point -> 999 points" in found["text"]
    assert {each["path"] for each in found["changes"]} >= {"rules.visit.points", "rules.deep"}
    assert (await town.delete("/v1/rubrics/1")).status_code == 409
    assert (await town.delete(draft)).status_code == 204
    assert [(await town.get(draft)).status_code, (await town.delete(draft)).status_code] == [404, 404]


async def test_activation_under_four_writers(
    town: httpx2.AsyncClient, service: Service, program: str
) -> None:
    """Nothing acknowledged is lost or counted twice, and no reader sees two versions at once.

    Shown to fail by a draft that stays when its partner gets an event.
    """
    path, numbers, switched = await stored(town, REPRICED), count(PARTNERS), asyncio.Event()
    accepted = PARTNERS

    async def write() -> None:
        nonlocal accepted
        while not switched.is_set():
            some = [visit(next(numbers)) for _ in range(5)]
            for _ in range(2):  # again, as a sender does that has heard nothing
                answer = await town.post("/v1/events", json=some)
                accepted += answer.json()["accepted"]

    async def read() -> None:
        while not switched.is_set():
            check_score((await town.get("/v1/partners/p07/score")).json())
            check_list((await town.get("/v1/partners")).json()["items"])
            check_list((await town.get("/v1/scores", params={"limit": 200})).json()["items"])

    async def activate() -> None:
        answer = await town.post(f"{path}/activate")
        assert answer.json()["state"] == "active"
        await town.post("/v1/events", json=[visit(0)])
        switched.set()

    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        for task in (write, write, write, write, read, activate):
            group.create_task(task())
    shown = (await town.get("/v1/partners", params={"limit": 200})).json()["items"]
    check_list(shown)
    assert sum(each["score"] for each in shown) == EVERY * accepted
    assert accepted > PARTNERS
    assert await differences(service.settings.database_url, program) == []


def check_score(document: dict[str, Any]) -> None:
    """The score is the one of the version that it names."""
    of_first = document["score"] < EVERY
    assert document["rubric_version"] == (1 if of_first else 2)
    assert {line["rule"] for line in document["lines"]} == ({"visit"} if of_first else {"visit", "deep"})
    assert document["band"] == (None if of_first else "new")


def check_list(items: list[dict[str, Any]]) -> None:
    """All are priced by one version, and so are their bands."""
    assert len({each["score"] < EVERY for each in items}) <= 1
    assert all(each["band"] == (None if each["score"] < EVERY else "new") for each in items)


async def differences(database_url: str, program: str) -> list[Any]:
    """What is not as the ledger says."""
    database, now = open_database(Settings(database_url=database_url)), clock.now()
    found, _ = await database.read(lambda c: verify(c, program, after="", now=now))
    await database.close()
    return found


async def test_activation_opens_so_many_of_the_best(town: httpx2.AsyncClient) -> None:
    await town.post("/v1/events", json=[visit(number) for number in range(PARTNERS, PARTNERS + 3)])
    path = await stored(town, REPRICED)
    await town.post(f"{path}/activate", json={"open_handoffs": True, "limit": 3})
    handoffs = (await town.get("/v1/handoffs", params={"state": "open"})).json()["items"]
    assert {(each["partner"]["id"], each["score"]) for each in handoffs} == {
        (f"p0{n}", 2 * EVERY) for n in range(3)
    }


@pytest.fixture
async def dying(
    database_url: str,
) -> AsyncIterator[Callable[[int], Awaitable[tuple[str, asyncio.subprocess.Process]]]]:
    """Starts `handraiser serve` in a process that is killed in its n-th write; its URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {
        "HANDRAISER_DATABASE_URL": database_url,
        "HANDRAISER_OPERATOR_KEY": OPERATOR_KEY,
        "HANDRAISER_SECRET_KEY": SECRET_KEY,
    }
    started: list[asyncio.subprocess.Process] = []

    async def start(dies_at: int) -> tuple[str, asyncio.subprocess.Process]:
        command = ["-m", "tests.support.mortal", str(dies_at), "serve", "--port", str(port)]
        process = await asyncio.create_subprocess_exec(
            sys.executable, *command, cwd=ROOT, env=settings, stderr=asyncio.subprocess.DEVNULL
        )
        started.append(process)
        return f"http://127.0.0.1:{port}", process

    yield start
    for process in started:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_killed_server_goes_on_with_its_previews(
    dying: Callable[[int], Awaitable[tuple[str, asyncio.subprocess.Process]]], database_url: str
) -> None:
    """It dies while it counts; the next one finishes what nobody asked for again."""
    async with running(database_url) as service:
        key = await service.program()
        async with service.client(key) as client:
            await client.post(f"{await stored(client, PRICED)}/activate")
            await client.post("/v1/events", json=[visit(number) for number in range(PARTNERS)])
            path = f"{await stored(client, REPRICED)}/preview"
    url, process = await dying(12)
    async with httpx2.AsyncClient(
        base_url=url, headers={"Authorization": f"Bearer {key}"}, trust_env=False
    ) as client:

        async def answers() -> bool:
            try:
                return (await client.get("/healthz")).status_code == 200
            except httpx2.TransportError:
                return False

        await until(answers)
        try:
            await client.post(path)
        except httpx2.TransportError:
            assert await process.wait() == -signal.SIGKILL
    async with asyncio.timeout(30):
        assert await process.wait() == -signal.SIGKILL
    async with running(database_url) as service, service.client(key) as client:

        async def done() -> bool:
            return bool((await client.get(path)).json()["status"] == "done")

        await until(done)
        assert (await client.get(path)).json()["entering"]["count"] == PARTNERS
    assert await differences(service.settings.database_url, "acme") == []
