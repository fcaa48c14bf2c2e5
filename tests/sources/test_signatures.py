"""Published signatures verify; with one byte changed they do not."""

import base64
import hashlib
import hmac
from dataclasses import replace
from datetime import timedelta

import pytest

from app.errors import Invalid
from app.sources.adapter import Incoming
from app.sources.registry import ADAPTERS
from tests.sources.samples import RECEIVED_AT, posted, request, sample, vector

URL = "https://scores.example.com/ingest/hubspot?src=1"
SECRET = vector("hubspot", "hubspot_v2")["secret"]
NOW_MS = str(int(RECEIVED_AT.timestamp() * 1000))


def with_headers(kind: str, name: str) -> tuple[Incoming, str]:
    """The request of a vector that has its headers and its body, and the secret."""
    known = vector(kind, name)
    headers = {name.lower(): value for name, value in known["headers"].items()}
    return Incoming(headers, known.get("body", "{}").encode(), {}), known["secret"]


def hubspot(version: int) -> Incoming:
    known = vector("hubspot", f"hubspot_v{version}")
    headers = {"x-hubspot-signature": known["signature"], "x-hubspot-signature-version": f"v{version}"}
    return Incoming(headers, known["body"].encode(), {}, url=known.get("url", URL))


def hubspot_v3(*, url: str = URL, signed_url: str = URL, timestamp: str = NOW_MS) -> Incoming:
    message = f"POST{signed_url}{{}}{timestamp}".encode()
    signature = base64.b64encode(hmac.digest(SECRET.encode(), message, hashlib.sha256)).decode()
    headers = {"x-hubspot-signature-v3": signature, "x-hubspot-request-timestamp": timestamp}
    return Incoming(headers, b"{}", {}, url=url)


def mailgun() -> tuple[Incoming, str]:
    return request(sample("mailgun", "clicked")), vector("mailgun", "mailgun")["secret"]


SIGNED = {
    "segment": with_headers("segment", "segment_webhook_x_signature"),
    "mautic": with_headers("mautic", "mautic"),
    "zoom": with_headers("zoom", "zoom"),
    "hubspot": (hubspot(2), SECRET),
}


def verifies(kind: str, incoming: Incoming, *secrets: str) -> bool:
    return ADAPTERS[kind].verify(incoming, secrets, received_at=RECEIVED_AT)


@pytest.mark.parametrize("kind", SIGNED)
def test_a_published_signature_verifies(kind: str) -> None:
    incoming, secret = SIGNED[kind]
    assert verifies(kind, incoming, secret)
    assert verifies(kind, incoming, "another", f" {secret}\n")


@pytest.mark.parametrize("kind", SIGNED)
def test_with_any_byte_changed_it_does_not(kind: str) -> None:
    incoming, secret = SIGNED[kind]
    body = incoming.body
    for at in range(len(body)):
        changed = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        assert not verifies(kind, replace(incoming, body=changed), secret)


@pytest.mark.parametrize("kind", SIGNED)
def test_with_another_secret_or_none_it_does_not(kind: str) -> None:
    incoming, secret = SIGNED[kind]
    assert not verifies(kind, incoming)
    assert not verifies(kind, incoming, f"{secret}x")


@pytest.mark.parametrize("kind", SIGNED)
@pytest.mark.parametrize("value", ["", "x", "schön", "\ud83d"])
def test_with_another_header_it_does_not(kind: str, value: str) -> None:
    incoming, secret = SIGNED[kind]
    for name in incoming.headers:
        changed = {**incoming.headers, name: value}
        assert not verifies(kind, replace(incoming, headers=changed), secret)
    assert not verifies(kind, replace(incoming, headers={}), secret)


@pytest.mark.parametrize("kind", ["hubspot", "mailgun", "mautic", "segment", "zoom"])
@pytest.mark.parametrize(("secrets", "path"), [([], "secrets"), (["a", " "], "secrets.1")])
def test_a_secret_is_needed(kind: str, secrets: list[str], path: str) -> None:
    with pytest.raises(Invalid) as caught:
        ADAPTERS[kind].check_secrets(secrets)
    assert [error.path for error in caught.value.errors] == [path]
    ADAPTERS[kind].check_secrets(["a"])


# Segment


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (vector("segment", "segment_basic")["headers"], {}),
        ({"authorization": "basic " + base64.b64encode(b"wk_123").decode()}, {}),
        ({"x-write-key": "wk_123"}, {}),
        ({"x-write-key": "wk_123:secret"}, {}),
        ({}, {"writeKey": "wk_123", "batch": []}),
        ({"authorization": "Bearer token"}, {"writeKey": "wk_123"}),
    ],
)
def test_a_write_key_may_be_in_many_places(headers: dict[str, str], body: dict[str, object]) -> None:
    lower = {name.lower(): value for name, value in headers.items()}
    incoming = replace(posted(body), headers=lower)
    assert verifies("segment", incoming, "wk_123")
    assert not verifies("segment", incoming, "wk_124")


@pytest.mark.parametrize(
    "authorization", ["Basic !", "Basic", "Basic " + base64.b64encode(b"\xff:").decode(), "Digest x"]
)
def test_without_a_write_key_nothing_is_taken(authorization: str) -> None:
    assert not verifies("segment", posted({"writeKey": 7}, authorization=authorization), "wk_123")


# Mailgun


def test_a_signature_in_the_body_verifies() -> None:
    incoming, secret = mailgun()
    assert verifies("mailgun", incoming, secret)
    assert not verifies("mailgun", incoming, "another")


@pytest.mark.parametrize("name", ["timestamp", "token", "signature"])
@pytest.mark.parametrize("value", [None, 7, "", "1763000601"])
def test_a_changed_signature_in_the_body_does_not(name: str, value: object) -> None:
    _, secret = mailgun()
    body = sample("mailgun", "clicked")["body"]
    changed = body | {"signature": body["signature"] | {name: value}}
    assert not verifies("mailgun", posted(changed), secret)


def test_a_parent_account_may_have_signed() -> None:
    _, secret = mailgun()
    body = dict(sample("mailgun", "clicked")["body"])
    body["parent-signature"], body["signature"] = body["signature"], {}
    assert verifies("mailgun", posted(body), secret)


# HubSpot


def test_version_1_is_over_the_body_alone() -> None:
    assert verifies("hubspot", hubspot(1), SECRET)
    assert not verifies("hubspot", replace(hubspot(1), body=b"{}"), SECRET)


@pytest.mark.parametrize(
    "changed",
    [
        replace(hubspot(2), url=URL + "2"),
        replace(hubspot(2), method="PUT"),
        replace(hubspot(2), url=URL[:-1]),
    ],
)
def test_version_2_is_over_method_and_url_too(changed: Incoming) -> None:
    assert not verifies("hubspot", changed, SECRET)


def test_a_version_may_not_pass_for_another() -> None:
    headers = {**hubspot(2).headers, "x-hubspot-signature-version": "v1"}
    assert not verifies("hubspot", replace(hubspot(2), headers=headers), SECRET)


def test_version_3_verifies() -> None:
    assert verifies("hubspot", hubspot_v3(), SECRET)
    assert not verifies("hubspot", replace(hubspot_v3(), body=b"{ }"), SECRET)


@pytest.mark.parametrize("signed", ["https://s.example/in/k?a=b@c", "https://s.example/in/k?a=b%40c"])
def test_version_3_may_sign_escapes_decoded_or_not(signed: str) -> None:
    assert verifies("hubspot", hubspot_v3(url="https://s.example/in/k?a=b%40c", signed_url=signed), SECRET)


@pytest.mark.parametrize("seconds", [-300, -299, 0, 299, 300])
def test_version_3_is_good_for_five_minutes(seconds: int) -> None:
    at = RECEIVED_AT + timedelta(seconds=seconds)
    assert verifies("hubspot", hubspot_v3(timestamp=str(int(at.timestamp() * 1000))), SECRET)


@pytest.mark.parametrize("seconds", [-301, 301, 600])
def test_version_3_is_no_good_later_nor_before_its_time(seconds: int) -> None:
    at = RECEIVED_AT + timedelta(seconds=seconds)
    assert not verifies("hubspot", hubspot_v3(timestamp=str(int(at.timestamp() * 1000))), SECRET)


@pytest.mark.parametrize("timestamp", ["", "now", "9" * 30, "-1", "nan"])
def test_version_3_needs_a_time(timestamp: str) -> None:
    assert not verifies("hubspot", hubspot_v3(timestamp=timestamp), SECRET)


def test_version_3_is_not_passed_over_for_an_older_one() -> None:
    headers = {
        **hubspot(2).headers,
        "x-hubspot-signature-v3": "forged",
        "x-hubspot-request-timestamp": NOW_MS,
    }
    assert not verifies("hubspot", replace(hubspot(2), headers=headers), SECRET)


@pytest.mark.parametrize(
    "incoming", [posted({}, x_api_key="chosen"), posted({}, query={"api_key": "chosen"})]
)
def test_a_workflow_may_show_a_key_instead(incoming: Incoming) -> None:
    assert verifies("hubspot", incoming, "chosen")
    assert not verifies("hubspot", incoming, "other")


# CloudEvents


@pytest.mark.parametrize(
    "incoming", [posted({}, authorization="Bearer token"), posted({}, query={"access_token": "token"})]
)
def test_a_token_may_be_in_the_header_or_the_query(incoming: Incoming) -> None:
    assert verifies("cloudevents", incoming, "token")
    assert not verifies("cloudevents", incoming, "other")


@pytest.mark.parametrize("incoming", [posted({}), posted({}, authorization="Basic token")])
def test_a_token_is_needed_if_there_are_any(incoming: Incoming) -> None:
    assert not verifies("cloudevents", incoming, "token")
    assert verifies("cloudevents", incoming)


def test_a_source_of_cloudevents_needs_no_token_but_no_blank_one() -> None:
    ADAPTERS["cloudevents"].check_secrets([])
    with pytest.raises(Invalid):
        ADAPTERS["cloudevents"].check_secrets([""])
