"""Machines and the vendor's own people over HTTP: lists, words, reversals, and clicks that wait."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import httpx2
import pytest

from app import clock
from app.db import open_database
from app.services.recording import Result
from app.services.source_events import record_from_source
from app.sources.event import NewEvent
from tests.api.calls import activate, click, every, is_problem, post, score, until
from tests.support.service import Service

PATH = "/v1/internal-contacts"
OUR_OWN = "jo@vendor.example"
CLICKS_TO_A_HANDOFF = 5


async def put(client: httpx2.AsyncClient, *contacts: str, **headers: str) -> httpx2.Response:
    """Replace the list."""
    return await client.put(PATH, json={"contacts": list(contacts)}, headers=headers)


async def verdicts(client: httpx2.AsyncClient, **wanted: str) -> dict[str, str]:
    """Of the events in the list, by id."""
    return {event["id"]: event["verdict"] for event in await every(client, "/v1/events", **wanted)}


async def test_who_is_internal(client: httpx2.AsyncClient) -> None:
    await activate(client)
    assert (await client.get(PATH)).json() == {"contacts": []}
    answer = await put(client, "Vendor.example", "qa@agency.example")
    assert answer.json() == {"contacts": ["qa@agency.example", "vendor.example"]}
    assert (await client.get(PATH)).json() == answer.json()
    await post(client, click("a", contact=OUR_OWN), click("b", contact="jo@acme.example"))
    assert await verdicts(client, verdict="internal") == {"a": "internal"}
    assert await score(client) == 5


async def test_nobody_overwrites_what_they_have_not_seen(client: httpx2.AsyncClient) -> None:
    tag = (await client.get(PATH)).headers["ETag"]
    assert (await client.get(PATH, headers={"If-None-Match": tag})).status_code == 304
    assert (await put(client, "vendor.example", **{"If-Match": tag})).status_code == 200
    assert is_problem(await put(client, "agency.example", **{"If-Match": tag}), 412, "precondition_failed")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"contacts": ["vendor.example", "vendor"]}, "contacts.1"),
        ({"contacts": ["gmail.com"]}, "contacts.0"),
        ({"contacts": [f"v{n}.example" for n in range(1_001)]}, "contacts"),
        ({"domains": []}, "domains"),
    ],
    ids=["neither", "free mail", "too many", "unknown field"],
)
async def test_what_is_refused(client: httpx2.AsyncClient, body: Any, path: str) -> None:
    answer = await client.put(PATH, json=body)
    assert answer.status_code == 422
    assert path in {error["path"] for error in answer.json()["errors"]}


async def test_whose_word_a_verdict_is(client: httpx2.AsyncClient) -> None:
    await post(client, click(source="mta", contact=OUR_OWN))
    [event] = await every(client, "/v1/events")
    assert (event["verdict"], event["judged_by"]) == ("human", None)
    change = {"verdict": "internal", "reason": "our own"}
    answer = await client.patch("/v1/events/mta/evt-1", json=change)
    assert (answer.json()["verdict"], answer.json()["judged_by"]) == ("internal", "tests")


@pytest.mark.parametrize("verdict", ["settling", "superseded", "suspected"])
async def test_words_that_are_nobodys_to_say(client: httpx2.AsyncClient, verdict: str) -> None:
    await post(client, click(source="mta"))
    change = {"verdict": verdict, "reason": "so"}
    assert (await client.patch("/v1/events/mta/evt-1", json=change)).status_code == 422
    assert (await post(client, click("e", verdict=verdict)))[0]["status"] == "rejected"


async def test_posted_events_are_taken_at_their_word(client: httpx2.AsyncClient) -> None:
    await activate(client)
    links = [click(f"e{n}", contact="jo@acme.example", properties=about(f"/{n}")) for n in range(3)]
    await post(client, *links)
    assert set((await verdicts(client)).values()) == {"human"}


def about(link: str) -> dict[str, str]:
    """Properties of a click."""
    return {"message": "m", "url": f"https://vendor.example{link}"}


async def from_source(
    service: Service, program: str, link: str, *, settle: int = 0, at: datetime | None = None
) -> Result:
    """A platform posts a click of a second before, at a time of its own."""
    at = at or clock.now()
    event = NewEvent(
        id=link,
        type="email.clicked",
        occurred_at=at - timedelta(seconds=1),
        partner="acme",
        contact="jo@acme.example",
        properties=about(link),
    )
    database = open_database(service.settings)
    work = partial(
        record_from_source,
        program=program,
        source="src",
        events=[event],
        fragments=[],
        settle_seconds=settle,
        now=at,
    )
    try:
        return (await database.write(work))[0]
    finally:
        await database.close()


async def test_a_settled_click_counts_by_itself(
    service: Service, client: httpx2.AsyncClient, program: str
) -> None:
    """The service looks once a second; what was settling when it stopped is found, too."""
    await activate(client)
    earlier = clock.now() - timedelta(seconds=20)
    await from_source(service, program, "/later", settle=600)
    await from_source(service, program, "/due", settle=10, at=earlier)

    async def counted() -> bool:
        return await score(client) == 5

    await until(counted)
    assert await verdicts(client, verdict="settling") == {"/later": "settling"}
    assert await verdicts(client, verdict="human") == {"/due": "human"}


async def test_a_withdrawn_handoff_is_told(
    service: Service, client: httpx2.AsyncClient, program: str
) -> None:
    await activate(client)
    hook = {"url": "http://127.0.0.1:9/", "types": ["handoff.closed"]}
    (await client.post("/v1/webhooks", json=hook)).raise_for_status()
    await post(client, *(click(f"e{n}") for n in range(CLICKS_TO_A_HANDOFF - 1)))
    opened = (await from_source(service, program, "/a")).handoff
    assert (await from_source(service, program, "/b")).told
    shown = (await client.get(f"/v1/handoffs/{opened}")).json()
    assert (shown["outcome"], shown["history"][-1]["by"]) == ("withdrawn", "handraiser")
    [owed] = await every(client, "/v1/deliveries")
    assert owed["type"] == "handoff.closed"
