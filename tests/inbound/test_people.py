"""Samples that teach who somebody is, put attendances together, or ask that somebody be forgotten."""

from typing import Any

import httpx2

from tests.api.calls import Json, every
from tests.inbound.platforms import SAMPLES, connect, deliver, of_json, of_sample
from tests.support.service import Service


async def test_attendance_of_one_who_only_joined(service: Service, client: httpx2.AsyncClient) -> None:
    """Joining alone is half of it; leaving makes one attendance, however often Zoom repeats it."""
    source = await connect(client, "zoom")
    joined = SAMPLES["zoom/webinar_participant_joined"]["body"]
    person = joined["payload"]["object"]["participant"]
    left = {**joined, "event": "webinar.participant_left"}
    left["payload"] = {**joined["payload"], "object": {**joined["payload"]["object"]}}
    left["payload"]["object"]["participant"] = {**person, "leave_time": "2025-11-13T03:00:00Z"}
    for body in (joined, left, left):
        assert (await deliver(service, source, of_json("zoom", body))).status_code == 200
    (event,) = await every(client, "/v1/events", source=source["id"], verdict="human")
    assert (event["type"], event["contact"]) == ("webinar.attended", person["email"])


async def test_identified_in_the_same_batch(service: Service, client: httpx2.AsyncClient) -> None:
    """All of one person's events are found by either of its names."""
    source = await connect(client, "segment")
    await deliver(service, source, of_sample("segment", SAMPLES["segment/batch_python"]))
    events = await every(client, "/v1/events", contact="pat.doe@reseller-one.example.com")
    assert len(events) == 5


async def test_contact_forgotten_by_hubspot(service: Service, client: httpx2.AsyncClient) -> None:
    source = await connect(client, "hubspot")
    await deliver(service, source, of_sample("hubspot", SAMPLES["hubspot/app_webhook_batch"]))
    contacts = {each["contact"] for each in await every(client, "/v1/events", source=source["id"])}
    assert "hubspot:contact:1246966" not in contacts


async def posted(service: Service, source: Json, *calls: Json) -> None:
    answer = await deliver(service, source, of_json("segment", {"batch": list(calls)}, "/v1/batch"))
    assert answer.status_code == 200


def call(type_: str, id_: str, **fields: Any) -> Json:
    return {"type": type_, "messageId": id_, "userId": "u1", **fields}


async def test_a_repeat_teaches_nothing_and_erases_nobody(
    service: Service, client: httpx2.AsyncClient
) -> None:
    """A platform may send an old request again at any time; meanwhile the person has come back."""
    source = await connect(client, "segment", settings={"erase": True})
    first = call("identify", "i1", traits={"email": "jo@acme.example"})
    forget = call("delete", "d1")
    await posted(service, source, first, forget)
    assert (await client.get("/v1/contacts/u1")).status_code == 404
    await posted(service, source, first)
    assert (await client.get("/v1/contacts/u1")).status_code == 404
    await posted(service, source, call("identify", "i2", traits={"email": "jo@acme.example"}))
    await posted(service, source, forget)
    assert (await client.get("/v1/contacts/u1")).json()["email"] == "jo@acme.example"


async def test_a_retry_does_not_bring_back_whom_somebody_erased(
    service: Service, client: httpx2.AsyncClient
) -> None:
    mapping: Json = {
        "name": "Acme Sync",
        "steps": ["Post to {url}"],
        "verify": {"by": "path"},
        "items": {"at": "people"},
        "type": {"of": "kind", "table": {"sync": "ignored"}, "otherwise": "refused"},
        "id": "id",
        "contact": "mail",
        "partner": "partner",
        "introduces": [{"contact": "mail", "partner": "partner"}],
    }
    source = await connect(client, "mailchimp", mapping=mapping)
    people = [{"kind": "sync", "id": "w1", "mail": "w1@acme.example", "partner": "acme"}, {"kind": "odd"}]
    await deliver(service, source, of_json("mailchimp", {"people": people}))
    (kept,) = await every(client, f"/v1/sources/{source['id']}/requests")
    assert (kept["status"], kept["ignored"]) == ("quarantined", 1)
    (await client.delete("/v1/contacts/w1@acme.example")).raise_for_status()
    (await client.post(f"/v1/sources/{source['id']}/requests/1/retry")).raise_for_status()
    assert (await client.get("/v1/contacts/w1@acme.example")).status_code == 404


async def test_nobody_erases_with_a_browsers_key(service: Service, client: httpx2.AsyncClient) -> None:
    """Until somebody says that the key is kept secret; then it is made up for."""
    await client.put("/v1/contacts/jo", json={"partner": "acme", "email": "jo@acme.example"})
    source = await connect(client, "segment")
    call = {"type": "delete", "userId": "jo@acme.example", "messageId": "m-1"}
    await deliver(service, source, of_json("segment", {"batch": [call]}))
    (kept,) = await every(client, f"/v1/sources/{source['id']}/requests")
    assert "`erase`" in kept["refused"][0]["reason"]
    assert (await client.get("/v1/contacts/jo")).status_code == 200
    await client.patch(f"/v1/sources/{source['id']}", json={"settings": {"erase": True}})
    await client.post(f"/v1/sources/{source['id']}/requests/1/retry")
    assert (await client.get("/v1/contacts/jo")).status_code == 404
