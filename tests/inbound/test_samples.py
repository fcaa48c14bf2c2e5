"""Every sample of a platform becomes, through HTTP and signed, the events that are expected of it."""

from datetime import datetime

import httpx2
import pytest

from app.sources.registry import ADAPTERS
from tests.api.calls import Json, every
from tests.inbound.amazon import Amazon
from tests.inbound.platforms import SAMPLES, connect, deliver, of_sample
from tests.support.service import Service

ASKS = {
    name
    for name, each in SAMPLES.items()
    if any("respond" in one for one in each["_meta"]["expected_events"])
}
# One half of an attendance alone is none yet; whom to forget is forgotten at once. See test_people.py.
NOT_KEPT = {"contact.deleted"}


def is_expected(event: Json, expected: Json) -> bool:
    """Whether an event is all that a sample says of it; of a person's two names either will do."""
    names = {expected[name] for name in ("contact", "user_id") if name in expected}
    if names and event["contact"] not in names:
        return False
    at: str = expected.get("occurred_at") or event["occurred_at"]
    if datetime.fromisoformat(event["occurred_at"]) != datetime.fromisoformat(at):
        return False
    return all(
        event[name] == expected[name] for name in expected.keys() & {"type", "partner", "id", "verdict"}
    )


def test_every_kind_has_a_sample() -> None:
    assert {name.partition("/")[0] for name in SAMPLES} == set(ADAPTERS)


@pytest.mark.parametrize("name", sorted(SAMPLES.keys() - ASKS - {"zoom/webinar_participant_joined"}))
async def test_sample(service: Service, client: httpx2.AsyncClient, name: str) -> None:
    kind, document = name.partition("/")[0], SAMPLES[name]
    source = await connect(client, kind)
    answer = await deliver(service, source, of_sample(kind, document))
    assert (answer.status_code, answer.is_success and bool(answer.text)) == (
        ADAPTERS[kind].taken.status,
        True,
    )
    expected = [each for each in document["_meta"]["expected_events"] if each["type"] != "ignored"]
    kept = [each for each in expected if each["type"] not in NOT_KEPT]
    found = await every(client, "/v1/events", source=source["id"])
    events = [each for each in found if each["type"] not in NOT_KEPT]
    assert len(events) == len(kept)
    assert [one for one in kept if not any(is_expected(each, one) for each in events)] == []
    (request,) = await every(client, f"/v1/sources/{source['id']}/requests")
    counts = [request[each] for each in ("status", "events", "ignored", "refused")]
    total = len(document["_meta"]["expected_events"])
    assert counts == ["taken", len(expected), total - len(expected), []]


async def test_zoom_proves_that_it_knows_the_secret(service: Service, client: httpx2.AsyncClient) -> None:
    document = SAMPLES["zoom/endpoint_url_validation"]
    source = await connect(client, "zoom")
    answer = await deliver(service, source, of_sample("zoom", document))
    wanted = document["_meta"]["expected_events"][0]["respond"]
    assert (answer.status_code, answer.json()) == (wanted["status"], wanted["body"])


async def test_cloudevents_gives_permission(service: Service, client: httpx2.AsyncClient) -> None:
    document = SAMPLES["cloudevents/options_handshake"]
    source = await connect(client, "cloudevents")
    answer = await deliver(service, source, of_sample("cloudevents", document))
    wanted = document["_meta"]["expected_events"][0]["respond"]
    assert answer.status_code == wanted["status"]
    assert wanted["headers"].items() <= {name: answer.headers[name] for name in wanted["headers"]}.items()


async def test_amazon_is_visited_to_confirm(
    service: Service, client: httpx2.AsyncClient, amazon: Amazon
) -> None:
    document = SAMPLES["ses/subscription_confirmation"]
    url = document["body"]["SubscribeURL"]
    source, post = await connect(client, "ses"), of_sample("ses", document)
    amazon.visited.clear()
    assert (await deliver(service, source, post)).status_code == 429
    amazon.pages[url] = b"<ConfirmSubscriptionResponse/>"
    assert (await deliver(service, source, post)).status_code == 200
    del amazon.pages[url]
    assert amazon.visited == [url, url]


async def test_amazon_is_not_visited_for_another_topic(
    service: Service, client: httpx2.AsyncClient, amazon: Amazon
) -> None:
    document = SAMPLES["ses/subscription_confirmation"]
    other = {**document, "body": {**document["body"], "TopicArn": f"{document['body']['TopicArn']}-2"}}
    source = await connect(client, "ses")
    amazon.visited.clear()
    assert (await deliver(service, source, of_sample("ses", other))).status_code == 401
    assert amazon.visited == []


async def test_certificate_that_cannot_be_had(service: Service, client: httpx2.AsyncClient) -> None:
    """Without it nothing is known, so Amazon is to come again."""
    document = SAMPLES["ses/open"]
    elsewhere = document["body"]["SigningCertURL"].replace("0000", "1111")
    other = {**document, "body": {**document["body"], "SigningCertURL": elsewhere}}
    source = await connect(client, "ses")
    answer = await deliver(service, source, of_sample("ses", other))
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")


async def test_marketing_cloud_leaves_what_to_do(service: Service, client: httpx2.AsyncClient) -> None:
    document = SAMPLES["marketing-cloud/callback_verification"]
    source = await connect(client, "marketing-cloud", secrets=[])
    assert (await deliver_unsigned(service, source, document)).status_code == 200
    (kept,) = await every(client, f"/v1/sources/{source['id']}/requests", status="quarantined")
    assert "cb-1" in kept["refused"][0]["reason"]
    assert "vk-1" in kept["refused"][0]["reason"]


async def deliver_unsigned(service: Service, source: Json, document: Json) -> httpx2.Response:
    return await deliver(service, {**source, "kind": "none"}, of_sample("marketing-cloud", document))


async def test_browser_posts_text(service: Service, client: httpx2.AsyncClient) -> None:
    """As analytics-next does: a short path, the key in the body, and no header that asks first."""
    document = SAMPLES["segment/track_single"]
    source = await connect(client, "segment")
    post = of_sample("segment", document).with_headers(content_type="text/plain")
    answer = await deliver(service, {**source, "kind": "none"}, post)
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert len(await every(client, "/v1/events", source=source["id"])) == 1


async def test_segment_in_gzip(service: Service, client: httpx2.AsyncClient) -> None:
    source = await connect(client, "segment")
    post = of_sample("segment", SAMPLES["segment/batch_python"]).zipped()
    assert (await deliver(service, source, post)).status_code == 200
    assert len(await every(client, "/v1/events", source=source["id"])) == 5
