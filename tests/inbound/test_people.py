"""Samples that teach who somebody is, put attendances together, or ask that somebody be forgotten."""

import httpx2

from tests.api.calls import every
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
