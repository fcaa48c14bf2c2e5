"""Static credentials, challenges and answers of mappings."""

import base64
import gzip
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from app.errors import Invalid
from app.sources.adapter import Incoming, Reply
from app.sources.presets import preset
from tests.support.mappings import RECEIVED_AT, adapter

VECTORS = json.loads((Path(__file__).parents[1] / "data/signatures/vectors.json").read_text())
ZOOM = next(each for each in VECTORS if each["scheme"] == "zoom_url_validation")
BASIC = base64.b64encode("hook:gehüim".encode()).decode()


def vouched(way: dict[str, Any], *secrets: str, headers: dict[str, str] | None = None, **query: str) -> bool:
    return adapter(verify=way).verify(Incoming(headers or {}, b"{}", query), secrets, received_at=RECEIVED_AT)


@pytest.mark.parametrize(
    ("way", "headers", "expected"),
    [
        ({"by": "basic"}, {"authorization": f"Basic {BASIC}"}, True),
        ({"by": "basic"}, {"authorization": f"basic  {BASIC}"}, True),
        ({"by": "basic"}, {"authorization": f"Bearer {BASIC}"}, False),
        ({"by": "basic"}, {"authorization": "Basic !"}, False),
        ({"by": "basic"}, {"authorization": "Basic /w=="}, False),
        ({"by": "basic"}, {}, False),
        ({"by": "bearer"}, {"authorization": "Bearer hook:gehüim"}, True),
        ({"by": "bearer"}, {"authorization": "Bearer hook"}, False),
        ({"by": "bearer"}, {}, False),
        ({"by": "header", "name": "X-Api-Key"}, {"x-api-key": "hook:gehüim"}, True),
        ({"by": "header", "name": "X-Api-Key"}, {"x-api-key": "\ud83d"}, False),
        ({"by": "header", "name": "X-Api-Key"}, {}, False),
    ],
)
def test_a_secret_in_a_header(way: dict[str, Any], headers: dict[str, str], *, expected: bool) -> None:
    assert vouched(way, "other:one", "hook:gehüim", headers=headers) is expected


@pytest.mark.parametrize(("token", "expected"), [("s3", True), ("s4", False)])
def test_a_secret_in_our_url(token: str, *, expected: bool) -> None:
    assert vouched({"by": "query", "name": "token"}, "s3", token=token) is expected


@pytest.mark.parametrize(("needed", "expected"), [("required", False), ("later", False), ("optional", True)])
def test_without_a_secret_only_an_optional_one_lets_requests_in(needed: str, *, expected: bool) -> None:
    assert vouched({"by": "bearer", "secret": needed}) is expected


def test_an_optional_secret_that_is_given_must_be_known() -> None:
    assert not vouched({"by": "bearer", "secret": "optional"}, "s3")


def test_the_key_in_our_url_may_be_all_there_is() -> None:
    assert vouched({"by": "path"})


@pytest.mark.parametrize(
    ("way", "secrets", "path"),
    [
        ({"by": "path"}, ["s3"], "secrets"),
        ({"by": "bearer"}, [], "secrets"),
        ({"by": "bearer", "secret": "optional"}, [""], "secrets.0"),
        ({"by": "basic"}, ["a:b", "nocolon"], "secrets.1"),
    ],
)
def test_secrets_of_no_use_are_refused(way: dict[str, Any], secrets: list[str], path: str) -> None:
    with pytest.raises(Invalid) as caught:
        adapter(verify=way).check_secrets(secrets)
    assert [error.path for error in caught.value.errors] == [path]


def asked(
    challenge: dict[str, Any], body: object = None, *secrets: str, method: str = "POST", **query: str
) -> Reply | None:
    incoming = Incoming({}, b"" if body is None else json.dumps(body).encode(), query, method=method)
    return adapter(challenge=[challenge]).handshake(incoming, secrets)


@pytest.mark.parametrize(
    ("method", "reply"), [("GET", Reply(200, "ok")), ("HEAD", Reply(200, "ok")), ("PUT", None)]
)
def test_a_fixed_answer_to_a_method(method: str, reply: Reply | None) -> None:
    assert asked({"methods": ["GET", "HEAD"]}, method=method) == reply


@pytest.mark.parametrize("kind", ["mailchimp", "mandrill"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_preset_lets_its_url_be_looked_at(kind: str, method: str) -> None:
    assert preset(kind).handshake(Incoming({}, b"", {}, method=method), []) == Reply(200, "ok")


SIGNED = {
    "when": "event == 'endpoint.url_validation'",
    "echo": {"plainToken": "payload.plainToken"},
    "signed": {"name": "encryptedToken", "text": "payload.plainToken"},
}
VALIDATION = {"event": "endpoint.url_validation", "payload": {"plainToken": ZOOM["plainToken"]}}


def test_a_token_is_returned_with_its_signature() -> None:
    tokens = {"plainToken": ZOOM["plainToken"], "encryptedToken": ZOOM["encryptedToken"]}
    assert asked(SIGNED, VALIDATION, ZOOM["secret"]) == Reply(200, tokens)


@pytest.mark.parametrize("body", [{"event": "other"}, [], None, 7, {"event": {"a": 1}}])
def test_any_other_request_is_no_challenge(body: object) -> None:
    assert asked(SIGNED, body, ZOOM["secret"]) is None


def test_nothing_is_signed_without_a_secret() -> None:
    assert asked(SIGNED, VALIDATION) is None


HUB = {"methods": ["GET"], "token": 'query()."hub.verify_token"', "text": 'query()."hub.challenge"'}


@pytest.mark.parametrize(("token", "answered"), [("s3", True), ("s4", False), ("", False)])
def test_a_token_must_be_the_sources(token: str, *, answered: bool) -> None:
    query = {"hub.verify_token": token, "hub.challenge": "1158201444"}
    reply = asked(HUB, None, "s3", method="GET", **query)
    plain = Reply(200, "1158201444", {"content-type": "text/plain; charset=utf-8"})
    assert reply == (plain if answered else None)


def test_an_unsigned_challenge_is_answered_and_brings_no_events() -> None:
    source = adapter(
        verify={"by": "bearer"}, challenge=[{"when": "challenge", "unsigned": True, "token": "token"}]
    )
    incoming = Incoming({}, b'{"challenge": 1, "token": "s4", "id": "1", "email": "a@b.example"}', {})
    assert source.verify(incoming, ["s3"], received_at=RECEIVED_AT)
    assert source.handshake(incoming, ["s3"]) is None
    translation = source.translate(incoming, {}, received_at=RECEIVED_AT)
    assert (translation.events, len(translation.refused)) == ([], 1)


def test_a_signed_challenge_must_be_verified() -> None:
    source = adapter(verify={"by": "bearer"}, challenge=[{"when": "challenge"}])
    incoming = Incoming({}, b'{"challenge": 1}', {})
    assert not source.verify(incoming, ["s3"], received_at=RECEIVED_AT)


def test_marketing_clouds_verification_is_let_in_without_a_secret() -> None:
    incoming = Incoming({}, b'{"callbackId": "cb-1", "verificationKey": "vk-1"}', {})
    source = preset("marketing-cloud")
    assert source.verify(incoming, [], received_at=RECEIVED_AT)
    assert source.handshake(incoming, []) is None


def test_the_answer_is_the_mappings() -> None:
    assert adapter(response={"status": 204, "body": ""}).taken == Reply(204, "")
    assert preset("postmark").taken == Reply(200, "ok")


def test_a_stranger_does_not_have_us_read_a_large_body() -> None:
    """A kilobyte of gzip can be megabytes, and no challenge is that long."""
    challenge = b'{"callbackId": "cb-1", "verificationKey": "vk-1", "x": [' + b"1," * 2_000_000 + b"1]}"
    incoming = Incoming({"content-encoding": "gzip"}, gzip.compress(challenge), {})
    tracemalloc.start()
    assert not preset("marketing-cloud").verify(incoming, ["s3"], received_at=RECEIVED_AT)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000
