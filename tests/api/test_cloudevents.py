"""CloudEvents 1.0 in their three modes, written by the reference library of another project."""

import json
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from cloudevents.core.bindings.http import HTTPMessage, to_binary, to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from tests.api.calls import Json, every, is_problem

BATCH = "application/cloudevents-batch+json"


def cloud_event(**attributes: Any) -> CloudEvent:
    known = {"id": "ce-1", "source": "/crm/eu", "type": "webinar.attended", "partner": "acme"}
    time = datetime(2026, 3, 2, 9, 6, tzinfo=UTC)
    return CloudEvent(
        known | {"time": time, "datacontenttype": "application/json"} | attributes, {"minutes": 42}
    )


async def send(client: httpx2.AsyncClient, message: HTTPMessage) -> httpx2.Response:
    return await client.post("/v1/events", content=message.body, headers=message.headers)


def structured(**attributes: Any) -> Json:
    document: Json = json.loads(to_structured(cloud_event(**attributes), JSONFormat()).body)
    return document


@pytest.mark.parametrize("mode", [to_binary, to_structured])
async def test_single(client: httpx2.AsyncClient, mode: Any) -> None:
    answer = await send(client, mode(cloud_event(), JSONFormat()))
    assert (answer.status_code, answer.json()["accepted"]) == (200, 1)
    (event,) = await every(client, "/v1/events")
    assert (event["source"], event["id"], event["type"]) == ("/crm/eu", "ce-1", "webinar.attended")
    assert event["occurred_at"] == "2026-03-02T09:06:00Z"
    assert (event["partner"], event["properties"]) == ("acme", {"minutes": 42})


async def test_batch(client: httpx2.AsyncClient) -> None:
    batch = [structured(), structured(id="ce-2"), structured(id="ce-3", type="NO")]
    answer = await client.post("/v1/events", content=json.dumps(batch), headers={"Content-Type": BATCH})
    assert [each["status"] for each in answer.json()["results"]] == ["accepted", "accepted", "rejected"]


async def test_empty_batch(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/v1/events", content="[]", headers={"Content-Type": BATCH})
    assert (answer.status_code, answer.json()["results"]) == (200, [])


async def test_modes_agree_on_a_duplicate(client: httpx2.AsyncClient) -> None:
    answers = [await send(client, mode(cloud_event(), JSONFormat())) for mode in (to_binary, to_structured)]
    assert [answer.json()["results"][0]["status"] for answer in answers] == ["accepted", "duplicate"]


async def test_header_values_are_percent_decoded(client: httpx2.AsyncClient) -> None:
    message = to_binary(cloud_event(partner="Euro € 😀"), JSONFormat())
    assert message.headers["ce-partner"] == "Euro%20%E2%82%AC%20%F0%9F%98%80"
    answer = await send(client, message)
    assert answer.json()["results"][0]["partner"] == "Euro € 😀"


async def test_header_value_that_is_no_utf8(client: httpx2.AsyncClient) -> None:
    message = to_binary(cloud_event(), JSONFormat())
    answer = await send(client, HTTPMessage({**message.headers, "ce-partner": "%C0%A0"}, message.body))
    assert is_problem(answer, 400, "malformed")


@pytest.mark.parametrize(
    ("extra", "data", "partner", "contact"),
    [
        ({"partner": "a"}, {}, "a", None),
        ({"partnerid": "a"}, {}, "a", None),
        ({"subject": "partner/a"}, {}, "a", None),
        ({}, {"partner": "a"}, "a", None),
        ({"partner": "a", "contact": "jo@a.example"}, {}, "a", "jo@a.example"),
        ({"partner": "a"}, {"email": "jo@a.example"}, "a", "jo@a.example"),
    ],
    ids=repr,
)
async def test_whom_it_is_about(
    client: httpx2.AsyncClient, extra: Json, data: Json, partner: str, contact: str | None
) -> None:
    event = {"specversion": "1.0", "id": "1", "source": "/s", "type": "a.b", "data": data, **extra}
    await client.post("/v1/events", json=event, headers={"Content-Type": "application/cloudevents+json"})
    (stored,) = await every(client, "/v1/events")
    assert (stored["partner"], stored["contact"]) == (partner, contact)


@pytest.mark.parametrize(
    "fault",
    [
        {"specversion": "0.3"},
        {"specversion": None},
        {"id": None},
        {"type": None},
        {"time": "yesterday"},
        {"data_base64": "eyJhIjogMX0="},
    ],
    ids=repr,
)
async def test_rejected(client: httpx2.AsyncClient, fault: Json) -> None:
    event = structured() | fault
    answer = await client.post(
        "/v1/events",
        json={name: value for name, value in event.items() if value is not None},
        headers={"Content-Type": "application/cloudevents+json"},
    )
    (result,) = answer.json()["results"]
    assert (result["status"], len(result["errors"])) == ("rejected", 1)


@pytest.mark.parametrize(
    ("kind", "body"),
    [("application/cloudevents+json", b"[]"), (BATCH, b"{}"), ("application/cloudevents+json", b"7")],
)
async def test_mode_and_body_disagree(client: httpx2.AsyncClient, kind: str, body: bytes) -> None:
    answer = await client.post("/v1/events", content=body, headers={"Content-Type": kind})
    assert is_problem(answer, 400, "malformed")


async def test_binary_data_must_be_json(client: httpx2.AsyncClient) -> None:
    headers = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "a.b", "ce-partner": "a"}
    answer = await client.post(
        "/v1/events", content=b"<a/>", headers={**headers, "Content-Type": "application/xml"}
    )
    assert is_problem(answer, 415, "unsupported_media_type")
