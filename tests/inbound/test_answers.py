"""Each platform hears what it takes for success, and never what makes it give up on an event."""

import json
from dataclasses import replace

import httpx2
import pytest

from app.sources.registry import ADAPTERS
from tests.api.calls import Json, every, is_problem
from tests.inbound.platforms import (
    FORM,
    SAMPLES,
    SECRETS,
    Post,
    connect,
    deliver,
    of_json,
    of_sample,
    send,
    signed,
)
from tests.support.service import Service

FIRST = {name.partition("/")[0]: name for name in sorted(SAMPLES, reverse=True)}
FIRST |= {"cloudevents": "cloudevents/structured", "marketing-cloud": "marketing-cloud/email_open"}
FIRST |= {"zoom": "zoom/webinar_registration_created"}

# What a platform hears that posts what is no JSON at all, but signed: most would only send it again.
UNREADABLE = {"cloudevents": 400, "mailgun": 406, "segment": 400}
# The signature is in the body, or any bytes at all are a form.
NEVER_UNREADABLE = {"mailgun", "ses", "activecampaign", "mailchimp", "mandrill"}


def sample(kind: str) -> Post:
    return of_sample(kind, SAMPLES[FIRST[kind]])


async def ask(service: Service, source: Json, method: str, **headers: str) -> httpx2.Response:
    return await send(service, source, Post(b"", method=method).with_headers(**headers))


@pytest.mark.parametrize("kind", sorted(ADAPTERS))
async def test_twice_counts_once(service: Service, client: httpx2.AsyncClient, kind: str) -> None:
    source = await connect(client, kind)
    post = signed(kind, sample(kind), source["url"])
    answers = [await send(service, source, post) for _ in range(2)]
    status = 202 if kind == "cloudevents" else 200
    assert [(each.status_code, bool(each.text)) for each in answers] == [(status, True)] * 2
    found = await every(client, "/v1/events", source=source["id"])
    one, two = await every(client, f"/v1/sources/{source['id']}/requests")
    assert one["events"] == two["events"] == len(found)


@pytest.mark.parametrize("kind", sorted(ADAPTERS.keys() - NEVER_UNREADABLE))
async def test_unreadable(service: Service, client: httpx2.AsyncClient, kind: str) -> None:
    source = await connect(client, kind)
    answer = await deliver(service, source, replace(sample(kind), body=b"\xff{", path="/v1/batch"))
    assert answer.status_code == UNREADABLE.get(kind, 200)
    assert answer.text
    (kept,) = await every(client, f"/v1/sources/{source['id']}/requests")
    assert (kept["status"], kept["body"]) == ("unreadable", "\N{REPLACEMENT CHARACTER}{")


async def test_mailgun_is_told_never_to_repeat_a_form(service: Service, client: httpx2.AsyncClient) -> None:
    source = await connect(client, "mailgun")
    fields = json.loads(signed("mailgun", Post(b"{}"), source["url"]).body)["signature"]
    body = "&".join(f"{name}={value}" for name, value in fields.items()).encode()
    answer = await send(service, source, Post(body, {"content-type": FORM}))
    assert (answer.status_code, bool(answer.text)) == (406, True)


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ([], "application/cloudevents-batch+json", 202),
        ({"specversion": "1.0"}, "application/cloudevents+json", 202),
        ([], "application/cloudevents+json", 400),
        ({}, "application/xml", 415),
        ({}, "application/json", 415),
    ],
)
async def test_modes_of_cloudevents(
    service: Service, client: httpx2.AsyncClient, body: object, content_type: str, status: int
) -> None:
    source = await connect(client, "cloudevents")
    answer = await deliver(service, source, of_json("cloudevents", body, content_type=content_type))
    assert answer.status_code == status


@pytest.mark.parametrize("kind", sorted(ADAPTERS))
async def test_asking_whether_anybody_is_there(
    service: Service, client: httpx2.AsyncClient, kind: str
) -> None:
    source = await connect(client, kind)
    for method in ("GET", "HEAD"):
        answer = await ask(service, source, method)
        if kind in {"mailchimp", "mandrill"}:
            assert answer.status_code == 200
        else:
            assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_browser_may_post_from_anywhere(service: Service, client: httpx2.AsyncClient) -> None:
    source = await connect(client, "segment")
    answer = await ask(service, source, "OPTIONS", origin="https://shop.example")
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "*")


async def test_mandrill_waits_for_its_key(service: Service, client: httpx2.AsyncClient) -> None:
    """The key exists only once there is a webhook, and that only once HEAD has succeeded."""
    source = await connect(client, "mandrill", secrets=[])
    assert (await ask(service, source, "HEAD")).status_code == 200
    post = signed("mandrill", sample("mandrill"), source["url"])
    assert is_problem(await send(service, source, post), 401, "unauthenticated")
    change = {"secrets": [SECRETS["mandrill"]]}
    (await client.patch(f"/v1/sources/{source['id']}", json=change)).raise_for_status()
    assert (await send(service, source, post)).status_code == 200
    assert len(await every(client, "/v1/events", source=source["id"])) == 2


async def test_too_large(service: Service, client: httpx2.AsyncClient) -> None:
    source = await connect(client, "mautic")
    answer = await deliver(service, source, Post(b" " * (1024 * 1024 + 1)))
    assert is_problem(answer, 413, "too_large")


async def test_too_large_once_it_is_unzipped(service: Service, client: httpx2.AsyncClient) -> None:
    """A bomb of 5 MB in a few kilobytes; Segment's library gives up on 400, and only then."""
    source = await connect(client, "segment")
    bomb = Post(b'{"batch": [' + b" " * 5_000_000 + b"]}", path="/v1/batch").zipped()
    assert (await deliver(service, source, bomb)).status_code == 400


@pytest.mark.parametrize("method", ["POST", "GET", "HEAD", "OPTIONS"])
async def test_nobody_lives_there(service: Service, client: httpx2.AsyncClient, method: str) -> None:
    for path in ("", "/", "/v1/batch"):
        answer = await send(service, {"key": "none"}, Post(b"{}", method=method, path=path))
        assert answer.status_code == 404


async def test_answer_says_what_became_of_it(service: Service, client: httpx2.AsyncClient) -> None:
    source = await connect(client, "sendgrid")
    answer = await deliver(service, source, of_json("sendgrid", [{"event": "open"}, 7]))
    receipt = answer.json()
    assert (receipt["status"], receipt["received"], len(receipt["refused"])) == ("quarantined", 2, 2)
