"""What could not be read is kept, told, and taken again once it can be; all of it counts exactly once."""

import asyncio
import json
from typing import Any

import httpx2
import pytest

from tests.api.calls import Json, every, until
from tests.inbound.platforms import SAMPLES, connect, deliver, of_json
from tests.support.service import Service

MAPPING: Json = {
    "name": "Acme Mail",
    "verify": {"by": "path"},
    "items": {"at": "events"},
    "type": "email.clicked",
    "id": "id",
    "contact": "mail",
    "partner": "partner",
}
EVENTS = [{"id": f"e-{n}", "mail": f"p{n}@acme.example", "partner": "acme", "number": n} for n in range(3)]
# Two that can be read, and one between them whose contact stands elsewhere.
BODY = {"events": [EVENTS[0], {"id": "e-1", "person": "p1@acme.example", "number": 1}, EVENTS[2]]}
MENDED = {"contact": ["mail", "person"]}

BATCHES: dict[str, tuple[object, str]] = {
    "brevo": (SAMPLES["brevo/click"]["body"], ""),
    "cloudevents": (SAMPLES["cloudevents/structured"]["body"], ""),
    "hubspot": (SAMPLES["hubspot/app_webhook_batch"]["body"][0], ""),
    "mandrill": (json.loads(SAMPLES["mandrill/open_click_batch"]["body"]["mandrill_events"])[0], ""),
    "marketing-cloud": (SAMPLES["marketing-cloud/email_open"]["body"][0], ""),
    "segment": (SAMPLES["segment/batch_python"]["body"]["batch"][1], "/v1/batch"),
    "sendgrid": (SAMPLES["sendgrid/batch_all_events"]["body"][4], ""),
}
BAD: list[Any] = [7, None, "text", [], {"event": {"event": []}, "type": 1}]


def mapping(**changes: Any) -> Json:
    return MAPPING | changes


async def ids(client: httpx2.AsyncClient, source: Json) -> list[str]:
    return sorted(each["id"] for each in await every(client, "/v1/events", source=source["id"]))


async def only_request(client: httpx2.AsyncClient, source: Json, **query: str) -> Json:
    (found,) = await every(client, f"/v1/sources/{source['id']}/requests", **query)
    return found


async def retry(client: httpx2.AsyncClient, source: Json) -> Json:
    again: Json = (
        (await client.post(f"/v1/sources/{source['id']}/requests/1/retry")).raise_for_status().json()
    )
    return again


async def change(client: httpx2.AsyncClient, source: Json, **form: Any) -> None:
    (await client.patch(f"/v1/sources/{source['id']}", json=form)).raise_for_status()


@pytest.fixture
async def source(service: Service, client: httpx2.AsyncClient) -> Json:
    """A source with one request, of which one item of three could not be read."""
    made = await connect(client, "mapping", mapping=MAPPING)
    assert (await deliver(service, made, of_json("mapping", BODY))).status_code == 200
    assert await ids(client, made) == ["e-0", "e-2"]
    return made


@pytest.mark.parametrize("kind", sorted(BATCHES))
async def test_bad_item_harms_no_neighbour(service: Service, client: httpx2.AsyncClient, kind: str) -> None:
    good, path = BATCHES[kind]
    items = [BAD[0], BAD[1], good, *BAD[2:]]
    if kind == "marketing-cloud":
        # What it does not name it takes for another kind of event.
        items.append({**SAMPLES["marketing-cloud/email_open"]["body"][0], "timestampUTC": "today"})
    body = {"batch": items} if kind == "segment" else items
    source = await connect(client, kind)
    content_type = "application/cloudevents-batch+json" if kind == "cloudevents" else "application/json"
    answer = await deliver(service, source, of_json(kind, body, path, content_type))
    assert answer.is_success
    assert len(await ids(client, source)) == 1
    kept = await only_request(client, source, status="quarantined")
    assert (kept["items"], kept["events"]) == (len(items), 1)
    assert len(kept["refused"]) + kept["ignored"] == len(items) - 1
    assert all(each["reason"] for each in kept["refused"])


async def test_bad_item_of_mautic_harms_no_neighbour(service: Service, client: httpx2.AsyncClient) -> None:
    """Its batch is an object of lists."""
    good = SAMPLES["mautic/queued_mixed_batch"]["body"]
    body = {name: [*BAD, *items] if isinstance(items, list) else items for name, items in good.items()}
    source = await connect(client, "mautic")
    assert (await deliver(service, source, of_json("mautic", body))).status_code == 200
    assert len(await ids(client, source)) == 3
    assert (await only_request(client, source, status="quarantined"))["events"] == 3


async def test_quarantined_item_is_told(client: httpx2.AsyncClient, source: Json) -> None:
    kept = await only_request(client, source, status="quarantined")
    [refused] = kept["refused"]
    assert json.loads(refused["item"])["id"] == "e-1"
    assert "partner" in refused["reason"]
    assert await every(client, f"/v1/sources/{source['id']}/requests", status="taken") == []


@pytest.mark.parametrize("id_", ["id", "number", ["'v2'", "id"]], ids=["same id", "other id", "ids"])
async def test_retry_counts_the_rest_once(
    client: httpx2.AsyncClient, source: Json, id_: str | list[str]
) -> None:
    await change(
        client, source, mapping=mapping(**MENDED, id=id_ if id_ != "number" else "to_string(number)")
    )
    first, second = await retry(client, source), await retry(client, source)
    assert (first["status"], first["events"], first["refused"]) == ("taken", 3, [])
    assert (second["status"], second["events"]) == ("taken", 3)
    assert len(await ids(client, source)) == 3


async def test_retry_in_the_background(client: httpx2.AsyncClient, source: Json) -> None:
    await change(client, source, mapping=mapping(**MENDED))
    answer = await client.post(f"/v1/sources/{source['id']}/retry")
    assert (answer.status_code, answer.json()) == (202, {"requests": 1})

    async def done() -> bool:
        return len(await ids(client, source)) == 3

    await until(done)
    assert await ids(client, source) == ["e-0", "e-1", "e-2"]


async def test_retry_by_settings(service: Service, client: httpx2.AsyncClient) -> None:
    """A native adapter has no mapping to be mended, but settings."""
    source = await connect(client, "cloudevents")
    event = SAMPLES["cloudevents/structured"]["body"] | {"type": "Not A Type"}
    post = of_json("cloudevents", event, content_type="application/cloudevents+json")
    assert (await deliver(service, source, post)).json()["status"] == "quarantined"
    await change(client, source, settings={"types": {"Not A Type": "deal.registered"}})
    assert (await retry(client, source))["status"] == "taken"
    assert len(await ids(client, source)) == 1


async def test_other_split_takes_nothing(client: httpx2.AsyncClient, source: Json) -> None:
    """What was counted could not be told from what was not."""
    other = {
        "items": {"at": "events[].{id: id, mail: mail || person, partner: 'acme'}"},
        "id": "join('', ['x', id])",
    }
    await change(client, source, mapping=mapping(**other))
    again = await retry(client, source)
    assert (again["status"], "items are others" in again["error"]) == ("quarantined", True)
    assert await ids(client, source) == ["e-0", "e-2"]


async def test_same_item_twice(service: Service, client: httpx2.AsyncClient) -> None:
    """An item fanned out over two people, of whom one could not be read; then all ids are made otherwise."""
    fan = {"items": {"at": "events", "fan": "to"}, "id": ["id", "fan().mail"], "contact": "fan().mail"}
    fan |= {"partner": "'acme'"}
    source = await connect(client, "mapping", mapping=mapping(**fan))
    body = {"events": [{"id": "e", "to": [{"mail": "a@acme.example"}, {"person": "b@acme.example"}]}]}
    assert (await deliver(service, source, of_json("mapping", body))).status_code == 200
    kept = await only_request(client, source)
    assert (kept["events"], len(kept["refused"])) == (1, 1)
    mended = fan | {
        "id": ["'v2'", "id", "fan().mail || fan().person"],
        "contact": ["fan().mail", "fan().person"],
    }
    await change(client, source, mapping=mapping(**mended))
    assert (await retry(client, source))["events"] == 2
    assert len(await ids(client, source)) == 2


async def test_several_retries_at_once(client: httpx2.AsyncClient, source: Json) -> None:
    await change(client, source, mapping=mapping(**MENDED, id=["'v2'", "id"]))
    await asyncio.gather(
        *(retry(client, source) for _ in range(4)), client.post(f"/v1/sources/{source['id']}/retry")
    )
    assert len(await ids(client, source)) == 3
    assert (await only_request(client, source))["events"] == 3


async def test_retry_races_the_same_again(service: Service, client: httpx2.AsyncClient, source: Json) -> None:
    """The platform repeats the request while a person retries it."""
    await change(client, source, mapping=mapping(**MENDED))
    await asyncio.gather(
        *(retry(client, source) for _ in range(2)),
        *(deliver(service, source, of_json("mapping", BODY)) for _ in range(2)),
    )
    assert await ids(client, source) == ["e-0", "e-1", "e-2"]


async def test_unreadable_then_readable(service: Service, client: httpx2.AsyncClient) -> None:
    source = await connect(client, "mapping", mapping=MAPPING)
    form = of_json("mandrill", [EVENTS[0]])
    assert (await deliver(service, source, form)).status_code == 200
    assert (await only_request(client, source))["status"] == "unreadable"
    items = {"at": "parse_json(mandrill_events)"}
    await change(client, source, mapping=mapping(decode="form", items=items))
    assert (await retry(client, source))["status"] == "taken"
    assert await ids(client, source) == ["e-0"]
