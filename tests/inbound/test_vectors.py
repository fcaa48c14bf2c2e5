"""Every published signature is accepted over HTTP, and none of them once a byte of anything is changed."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import urlencode

import httpx2
import pytest
import time_machine

from app import clock
from tests.api.calls import Json, every, is_problem
from tests.inbound.amazon import TOPIC, Amazon
from tests.inbound.platforms import DATA, FORM, Post, connect, send, signed
from tests.support.service import Service

# Calendly's is the one vector that is good for some minutes only.
SIGNED_AT = datetime.fromtimestamp(1763000030, UTC)
CERTIFICATE = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-vector.pem"
STANDARD_WEBHOOKS: Json = {
    "name": "Standard Webhooks",
    "verify": {
        "by": "signature",
        "signature": {"header": "webhook-signature", "split": " ", "prefix": "v1,"},
        "timestamp": {"header": "webhook-timestamp"},
        "id": {"header": "webhook-id"},
        "over": "{id}.{ts}.{body}",
        "encoding": "base64",
        "key": "whsec",
    },
    "type": "email.opened",
    "id": "email",
    "contact": "email",
}


def _read() -> Iterator[tuple[str, Json]]:
    for path in sorted(DATA.glob("*/vectors.json")):
        vectors = json.loads(path.read_text())
        yield from (
            vectors.items()
            if isinstance(vectors, dict)
            else ((each.get("scheme") or f"sendgrid_{each['name']}", each) for each in vectors)
        )


VECTORS = dict(_read())
OF_URL = {"hubspot_v2", "mandrill"}
"""Signed over the URL, which is never the one of a source here: our own signer is held against them."""


@dataclass(frozen=True)
class Case:
    """A vector as a request; `signature` is the header that has the signature, or else it is in the body."""

    kind: str
    secret: str
    post: Post
    signature: str | None = None


def _case(name: str) -> Case:
    vector, kind = VECTORS[name], name.partition("_")[0]
    secret, post = vector.get("secret", ""), _posted(vector)
    header = next(reversed(vector.get("headers", {})), None)
    match kind:
        case "segment":
            post = replace(post, path="/v1/track" if name == "segment_basic" else "")
        case "sendgrid":
            secret, header = vector["public_key"], "X-Twilio-Email-Event-Webhook-Signature"
        case "mailgun":
            signature = {each: vector[each] for each in ("timestamp", "token", "signature")}
            post = Post(json.dumps({"signature": signature}).encode())
        case "hubspot":
            header = "x-hubspot-signature"
            post = post.with_headers(x_hubspot_signature=vector["signature"])
        case "sns":
            kind, secret = "ses", TOPIC
            post = Post(json.dumps(vector["message"] | {"SigningCertURL": CERTIFICATE}).encode())
        case _:
            pass
    return Case(kind, secret, post, header)


def _posted(vector: Json) -> Post:
    return Post(vector.get("body", "{}").encode(), vector.get("headers", {}))


CASES = {name: _case(name) for name in sorted(VECTORS.keys() - OF_URL - {"zoom_url_validation"})}


def flipped(text: str) -> str:
    """The text with another character in its middle."""
    place = len(text) // 2
    return text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]


def tampered(case: Case) -> Iterator[Post]:
    """The request with one byte changed, of the body and of the signature."""
    if case.signature is not None:
        headers = {**case.post.headers, case.signature: flipped(case.post.headers[case.signature])}
        yield replace(case.post, headers=headers)
    if case.signature != "Authorization":
        yield replace(case.post, body=flipped(case.post.body.decode()).encode())


async def source_of(client: httpx2.AsyncClient, case: Case) -> Json:
    mapping = {"mapping": STANDARD_WEBHOOKS} if case.kind == "standard" else {}
    return await connect(client, case.kind, secrets=[case.secret], **mapping)


@pytest.fixture
def moment(amazon: Amazon) -> Iterator[None]:
    """When the vector of Calendly was signed; and Amazon has the certificate of its own vector."""
    amazon.pages[CERTIFICATE] = VECTORS["sns_signature_v2"]["certificate_pem"].encode()
    yield
    del amazon.pages[CERTIFICATE]


def travel(name: str) -> time_machine.travel:
    """To when the vector is good."""
    return time_machine.travel(SIGNED_AT if name == "calendly" else clock.now(), tick=True)


@pytest.mark.parametrize("name", CASES)
async def test_vector(service: Service, client: httpx2.AsyncClient, moment: None, name: str) -> None:
    case = CASES[name]
    source = await source_of(client, case)
    with travel(name):
        answer = await send(service, source, case.post)
    assert answer.status_code in {200, 406, 400}, answer.text
    assert len(await every(client, f"/v1/sources/{source['id']}/requests")) == 1
    assert (await client.get(f"/v1/sources/{source['id']}")).json()["unverified_at"] is None


@pytest.mark.parametrize("name", CASES)
async def test_one_changed_byte(
    service: Service, client: httpx2.AsyncClient, moment: None, name: str
) -> None:
    case = CASES[name]
    source = await source_of(client, case)
    for post in tampered(case):
        with travel(name):
            assert is_problem(await send(service, source, post), 401, "unauthenticated")
    assert await every(client, f"/v1/sources/{source['id']}/requests") == []
    assert await every(client, "/v1/events") == []
    assert (await client.get(f"/v1/sources/{source['id']}")).json()["unverified_at"] is not None


@pytest.mark.parametrize("name", sorted(OF_URL))
async def test_signature_over_the_url(service: Service, client: httpx2.AsyncClient, name: str) -> None:
    vector = VECTORS[name]
    kind = name.partition("_")[0]
    post = _of_url(vector)
    path = "?" + vector["url"].partition("?")[2]
    theirs = signed(kind, replace(post, path=path), vector["url"].removesuffix(path), vector["secret"])
    given = vector["signature"] if "signature" in vector else vector["headers"]["X-Mandrill-Signature"]
    assert given in theirs.headers.values()
    source = await connect(client, kind, secrets=[vector["secret"]])
    ours = signed(kind, replace(post, path=path), source["url"], vector["secret"])
    assert (await send(service, source, ours)).status_code == 200
    for wrong in (theirs, replace(ours, path=path + "1"), replace(ours, body=ours.body + b"1")):
        assert is_problem(await send(service, source, wrong), 401, "unauthenticated")


def _of_url(vector: Json) -> Post:
    if "form" in vector:
        return Post(urlencode(vector["form"]).encode(), {"content-type": FORM}, fields=vector["form"])
    return _posted(vector)


async def test_zooms_own_proof(service: Service, client: httpx2.AsyncClient) -> None:
    vector = VECTORS["zoom_url_validation"]
    source = await connect(client, "zoom", secrets=[vector["secret"]])
    challenge = {"event": "endpoint.url_validation", "payload": {"plainToken": vector["plainToken"]}}
    post = signed("zoom", Post(json.dumps(challenge).encode()), source["url"], vector["secret"])
    answer = await send(service, source, post)
    assert answer.json()["encryptedToken"] == vector["encryptedToken"]
    assert is_problem(
        await send(service, source, replace(post, body=post.body + b" ")), 401, "unauthenticated"
    )
