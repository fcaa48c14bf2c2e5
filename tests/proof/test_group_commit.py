"""Group commit: one transaction for many requests, and no answer that the database did not stand behind."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest
from sqlalchemy import Connection, Engine, event

from app.db import open_database
from tests.proof.storm import differences
from tests.support.service import Service, settings_for

FUNCTION = """
CREATE FUNCTION planted() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE check_violation USING MESSAGE = 'planted'; END $$
"""
REFUSES = {
    "sqlite": [
        """
        CREATE TRIGGER planted BEFORE INSERT ON event WHEN NEW.id LIKE 'bad%'
        BEGIN SELECT RAISE(ABORT, 'planted'); END
        """
    ],
    "postgresql": [
        FUNCTION,
        """
        CREATE TRIGGER planted BEFORE INSERT ON event
        FOR EACH ROW WHEN (NEW.id LIKE 'bad%') EXECUTE FUNCTION planted()
        """,
    ],
}
FAILS_OTHERWISE = {
    "sqlite": [
        """
        CREATE TRIGGER planted BEFORE INSERT ON event WHEN NEW.id LIKE 'bad%'
        BEGIN SELECT abs(-9223372036854775807 - 1); END
        """
    ],
    "postgresql": [
        FUNCTION.replace("check_violation", "insufficient_privilege"),
        REFUSES["postgresql"][1],
    ],
}
FAILS_AT_COMMIT = {
    "sqlite": [
        "CREATE TABLE planted (program REFERENCES program (id) DEFERRABLE INITIALLY DEFERRED)",
        """
        CREATE TRIGGER planted AFTER INSERT ON event WHEN NEW.id LIKE 'bad%'
        BEGIN INSERT INTO planted VALUES ('nobody'); END
        """,
    ],
    "postgresql": [
        FUNCTION,
        """
        CREATE CONSTRAINT TRIGGER planted AFTER INSERT ON event DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN (NEW.id LIKE 'bad%') EXECUTE FUNCTION planted()
        """,
    ],
}


@pytest.fixture(autouse=True)
async def _equals_its_rebuild(client: httpx2.AsyncClient, database_url: str) -> Any:
    yield
    assert await differences(database_url) == []


async def plant(url: str, faults: dict[str, list[str]]) -> None:
    """Let the database refuse events whose id begins with `bad`."""
    database = open_database(settings_for(url))

    def work(connection: Connection) -> None:
        for statement in faults[database.dialect]:
            connection.exec_driver_sql(statement)

    await database.write(work)
    await database.close()


def page(id_: str, partner: str = "p1") -> dict[str, Any]:
    """An event of 2.5 points."""
    about = {"partner": partner, "properties": {"path": "/deals/1"}}
    return {"id": id_, "type": "page.viewed", "source": "s", **about}


async def statuses(client: httpx2.AsyncClient, *ids: str) -> list[str]:
    """What becomes of a request's events; the answer's own status if it is no 200."""
    answer = await client.post("/v1/events", json=[page(id_) for id_ in ids])
    if answer.status_code != 200:
        return [str(answer.status_code)]
    return [each["status"] for each in answer.json()["results"]]


@contextmanager
def commits() -> Iterator[list[object]]:
    """The transactions that are committed meanwhile, by anybody."""
    found: list[object] = []

    def note(connection: Connection) -> None:
        found.append(connection)

    event.listen(Engine, "commit", note)
    try:
        yield found
    finally:
        event.remove(Engine, "commit", note)


async def test_requests_share_a_commit(client: httpx2.AsyncClient) -> None:
    with commits() as found:
        answers = await asyncio.gather(*(statuses(client, f"e{n}") for n in range(60)))
    assert answers == [["accepted"]] * 60
    assert len(found) < 60


@pytest.mark.parametrize("place", [0, 2, 4])
async def test_one_bad_event_harms_no_neighbour(
    client: httpx2.AsyncClient, database_url: str, place: int
) -> None:
    """Planted: a trigger that refuses one event."""
    await plant(database_url, REFUSES)
    ids = [f"e{n}" for n in range(4)]
    found = await statuses(client, *ids[:place], "bad", *ids[place:])
    assert found == ["accepted"] * place + ["rejected"] + ["accepted"] * (4 - place)
    assert await statuses(client, *ids) == ["duplicate"] * 4


async def test_one_bad_request_harms_no_other(client: httpx2.AsyncClient, database_url: str) -> None:
    """Planted: a trigger that refuses one event; sixty requests, of which some have it."""
    await plant(database_url, REFUSES)
    requests = [[f"e{n}", f"bad{n}"] if n % 7 == 0 else [f"e{n}"] for n in range(60)]
    answers = await asyncio.gather(*(statuses(client, *ids) for ids in requests))
    assert answers == [["accepted", "rejected"][: len(ids)] for ids in requests]
    assert (await client.get("/v1/partners/p1")).json()["score"] == 150


async def test_what_is_not_the_events_fault_rejects_none(
    client: httpx2.AsyncClient, database_url: str
) -> None:
    """Planted: a trigger that may not do what it wants. Their sender is to try again."""
    await plant(database_url, FAILS_OTHERWISE)
    assert await statuses(client, "e1", "bad") == ["500"]
    assert await statuses(client, "bad") == ["500"]
    assert await statuses(client, "e1") == ["accepted"]


@pytest.mark.parametrize("ids", [["bad"], ["bad", "bad2"], ["good", "bad"]])
async def test_nothing_is_acknowledged_that_was_not_committed(
    client: httpx2.AsyncClient, database_url: str, ids: list[str]
) -> None:
    """Planted: a constraint that is looked at only by COMMIT."""
    await plant(database_url, FAILS_AT_COMMIT)
    found = await statuses(client, *ids)
    assert "accepted" not in found[-1:]
    stored = (await client.get("/v1/events")).json()["items"]
    assert Counter(found)["accepted"] == len(stored)


async def test_a_failed_commit_is_an_error(client: httpx2.AsyncClient, database_url: str) -> None:
    """Planted: the same; what a single event's sender hears makes it try again."""
    await plant(database_url, FAILS_AT_COMMIT)
    answer = await client.post("/v1/events", json=page("bad"))
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal"


@pytest.mark.parametrize("path", ["partners", "contacts"])
async def test_a_failed_commit_of_something_else_is_an_error(
    client: httpx2.AsyncClient, service: Service, database_url: str, path: str
) -> None:
    """Planted: the same, on an event that is counted because its contact became known."""
    await statuses(client, "e1")
    await client.post("/v1/events", json=page("e2") | {"partner": None, "contact": "jo@firm.example"})
    await plant(database_url, {name: _on_update(each) for name, each in FAILS_AT_COMMIT.items()})
    body = {"domains": ["firm.example"]} if path == "partners" else {"partner": "p1"}
    name = "p1" if path == "partners" else "jo@firm.example"
    assert (await client.put(f"/v1/{path}/{name}", json=body)).status_code == 500
    assert (await client.get("/v1/events/parked")).json()["items"] != []


def _on_update(statements: list[str]) -> list[str]:
    changed = [each.replace("AFTER INSERT", "AFTER UPDATE") for each in statements]
    return [each.replace("NEW.id LIKE 'bad%'", "NEW.id = 'e2'") for each in changed]
