"""Signatures by template: every scheme of the platforms, by the vectors, and fails on one changed byte."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from app.errors import Invalid
from app.sources.adapter import Incoming
from app.sources.mapping.adapter import MappingAdapter
from app.sources.presets import preset
from tests.support.mappings import adapter

VECTORS = {
    each["scheme"]: each
    for each in json.loads((Path(__file__).parents[1] / "data/signatures/vectors.json").read_text())
}
NOW = datetime.fromtimestamp(1763000035, UTC)
BODY = VECTORS["calendly"]["body"].encode()


def at(**place: str) -> dict[str, Any]:
    return {"signature": place}


WAYS: dict[str, dict[str, Any]] = {
    "segment_webhook_x_signature": {
        **at(header="X-Signature"), "over": "{body}", "algorithm": "hmac-sha1",
    },
    "mailgun": {
        **at(body="signature.signature"), "over": "{ts}{body.signature.token}",
        "timestamp": {"body": "signature.timestamp"},
    },
    "mandrill": {
        **at(header="X-Mandrill-Signature"), "over": "{url}{form_sorted}", "algorithm": "hmac-sha1",
        "encoding": "base64",
    },
    "hubspot_v1": {**at(header="X-HubSpot-Signature"), "over": "{secret}{body}", "algorithm": "sha256"},
    "hubspot_v2": {
        **at(header="X-HubSpot-Signature"), "over": "{secret}{method}{url}{body}", "algorithm": "sha256",
    },
    "mautic": {**at(header="Webhook-Signature"), "over": "{body}", "encoding": "base64"},
    "zoom": {
        **at(header="x-zm-signature", prefix="v0="), "over": "v0:{ts}:{body}",
        "timestamp": {"header": "x-zm-request-timestamp"},
    },
    "calendly": {
        **at(header="Calendly-Webhook-Signature", split=",", prefix="v1="), "over": "{ts}.{body}",
        "timestamp": {"header": "Calendly-Webhook-Signature", "split": ",", "prefix": "t="},
    },
    "standard_webhooks_v1": {
        **at(header="webhook-signature", split=" ", prefix="v1,"), "over": "{id}.{ts}.{body}", "key": "whsec",
        "encoding": "base64", "timestamp": {"header": "webhook-timestamp"}, "id": {"header": "webhook-id"},
    },
}  # fmt: skip


def by_template(scheme: str, **changes: Any) -> MappingAdapter:
    return adapter(verify={"by": "signature", **WAYS[scheme], **changes})


def request(scheme: str) -> Incoming:
    vector = VECTORS[scheme]
    headers = {name.lower(): value for name, value in vector.get("headers", {}).items()}
    if scheme.startswith("hubspot"):
        headers["x-hubspot-signature"] = vector["signature"]
    if scheme == "mailgun":
        body = json.dumps({"signature": {name: vector[name] for name in ("timestamp", "token", "signature")}})
    else:
        body = urlencode(vector["form"]) if "form" in vector else vector["body"]
    return Incoming(
        headers, body.encode(), {}, method=vector.get("method", "POST"), url=vector.get("url", "")
    )


def verifies(source: MappingAdapter, incoming: Incoming, *secrets: str, now: datetime = NOW) -> bool:
    return source.verify(incoming, secrets, received_at=now)


def tampered(scheme: str) -> Iterator[Incoming]:
    """Each part that is signed, and the signature, with one byte changed."""
    incoming = request(scheme)
    places = range(len(incoming.body)) if scheme != "mailgun" else [40, 80]
    for place in places:
        changed = bytes([incoming.body[place] ^ 1])
        yield replace(incoming, body=incoming.body[:place] + changed + incoming.body[place + 1 :])
    for name, value in incoming.headers.items():
        last = value[-2] if value.endswith("=") else value[-1]
        end = value[len(value.rstrip("=")) :]
        other = "0" if last != "0" else "1"
        yield replace(incoming, headers={**incoming.headers, name: value.rstrip("=")[:-1] + other + end})
    if "{url}" in WAYS[scheme]["over"]:
        yield replace(incoming, url=incoming.url + "x")
    if "{method}" in WAYS[scheme]["over"]:
        yield replace(incoming, method="PUT")


@pytest.mark.parametrize("scheme", WAYS)
def test_a_vector_verifies(scheme: str) -> None:
    assert verifies(by_template(scheme), request(scheme), VECTORS[scheme]["secret"])


@pytest.mark.parametrize("scheme", WAYS)
def test_one_changed_byte_does_not(scheme: str) -> None:
    source, secret = by_template(scheme), VECTORS[scheme]["secret"]
    assert not any(verifies(source, incoming, secret) for incoming in tampered(scheme))


@pytest.mark.parametrize("scheme", WAYS)
def test_another_secret_does_not(scheme: str) -> None:
    assert not verifies(by_template(scheme), request(scheme), "whsec_b3RoZXI=")


@pytest.mark.parametrize("scheme", WAYS)
def test_any_of_the_active_secrets_may_have_signed(scheme: str) -> None:
    secrets = ("whsec_b3RoZXI=", f" {VECTORS[scheme]['secret']}\n")
    assert verifies(by_template(scheme), request(scheme), *secrets)


@pytest.mark.parametrize("scheme", WAYS)
def test_without_its_headers_and_body_it_does_not(scheme: str) -> None:
    assert not verifies(by_template(scheme), Incoming({}, b"", {}), VECTORS[scheme]["secret"])


def test_one_of_several_signatures_is_enough() -> None:
    known = request("standard_webhooks_v1")
    several = {
        **known.headers,
        "webhook-signature": f"v1,b3RoZXI= {known.headers['webhook-signature']} v1a,x",
    }
    source, secret = by_template("standard_webhooks_v1"), VECTORS["standard_webhooks_v1"]["secret"]
    assert verifies(source, replace(known, headers=several), secret)


def test_a_signature_of_another_version_does_not_count() -> None:
    known = request("calendly")
    headers = {"calendly-webhook-signature": known.headers["calendly-webhook-signature"].replace("v1", "v0")}
    assert not verifies(
        by_template("calendly"), replace(known, headers=headers), VECTORS["calendly"]["secret"]
    )


def test_hexadecimal_digits_may_be_capitals() -> None:
    known = request("zoom")
    signed = known.headers["x-zm-signature"].removeprefix("v0=").upper()
    headers = {**known.headers, "x-zm-signature": f"v0={signed}"}
    assert verifies(by_template("zoom"), replace(known, headers=headers), "zoom-secret")


def test_the_fields_of_a_form_are_signed_in_the_order_of_their_names() -> None:
    url = "https://scores.example.com/in/k"
    signed = base64.b64encode(hmac.digest(b"key", f"{url}a1b2x\u00e9".encode(), "sha1")).decode()
    incoming = Incoming({"x-mandrill-signature": signed}, b"x=%C3%A9&b=2&a=1", {}, url=url)
    assert verifies(by_template("mandrill"), incoming, "key")


@pytest.mark.parametrize("unit", ["s", "ms"])
@pytest.mark.parametrize(("away", "expected"), [(-299, True), (299, True), (-301, False), (301, False)])
def test_a_tolerance_is_an_absolute_difference(away: int, unit: str, *, expected: bool) -> None:
    known = request("zoom")
    ts = "1763000035" if unit == "s" else "1763000035000"
    signed = hmac.new(b"zoom-secret", f"v0:{ts}:".encode() + known.body, hashlib.sha256).hexdigest()
    headers = {"x-zm-request-timestamp": ts, "x-zm-signature": f"v0={signed}"}
    stamp = {"header": "x-zm-request-timestamp", "tolerance_seconds": 300, "unit": unit}
    source = by_template("zoom", timestamp=stamp)
    now = NOW + timedelta(seconds=away)
    assert verifies(source, replace(known, headers=headers), "zoom-secret", now=now) is expected


@pytest.mark.parametrize("ts", ["", "nan", "inf", "soon", "1e400"])
def test_a_time_of_signing_that_is_none_does_not_verify(ts: str) -> None:
    known = request("zoom")
    headers = {**known.headers, "x-zm-request-timestamp": ts}
    source = by_template("zoom", timestamp={"header": "x-zm-request-timestamp", "tolerance_seconds": 300})
    assert not verifies(source, replace(known, headers=headers), "zoom-secret")


@pytest.mark.parametrize("signature", ["", "v0=", "schön", "\ud83d", "v0=\udcff", "v0=" + "a" * 100_000])
def test_a_hostile_signature_only_fails(signature: str) -> None:
    known = request("zoom")
    headers = {**known.headers, "x-zm-signature": signature}
    assert not verifies(by_template("zoom"), replace(known, headers=headers), "zoom-secret")


def hmac_of(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


SIGNED = {
    "calendly": (request("calendly"), VECTORS["calendly"]["secret"]),
    "mandrill": (request("mandrill"), VECTORS["mandrill"]["secret"]),
    "customerio": (
        Incoming(
            {
                "x-cio-timestamp": "1763000031",
                "x-cio-signature": hmac_of(b"cio", b"v0:1763000031:" + BODY).hex(),
            },
            BODY,
            {},
        ),
        "cio",
    ),
    "typeform": (
        Incoming(
            {"typeform-signature": f"sha256={base64.b64encode(hmac_of(b'tf', BODY)).decode()}"}, BODY, {}
        ),
        "tf",
    ),
    "marketing-cloud": (
        Incoming({"x-sfmc-ens-signature": base64.b64encode(hmac_of(b"ens", BODY)).decode()}, BODY, {}),
        "ens",
    ),
}


@pytest.mark.parametrize("kind", SIGNED)
def test_a_preset_verifies_what_its_platform_signs(kind: str) -> None:
    incoming, secret = SIGNED[kind]
    assert verifies(preset(kind), incoming, secret)


@pytest.mark.parametrize("kind", SIGNED)
def test_a_preset_does_not_verify_a_changed_byte(kind: str) -> None:
    incoming, secret = SIGNED[kind]
    for place in range(len(incoming.body)):
        changed = bytes([incoming.body[place] ^ 1])
        body = incoming.body[:place] + changed + incoming.body[place + 1 :]
        assert not verifies(preset(kind), replace(incoming, body=body), secret)


@pytest.mark.parametrize("kind", SIGNED)
def test_a_preset_that_signs_takes_nothing_without_a_secret(kind: str) -> None:
    assert not verifies(preset(kind), SIGNED[kind][0])


def test_calendly_may_be_five_minutes_late_and_no_later() -> None:
    incoming, secret = SIGNED["calendly"]
    assert not verifies(preset("calendly"), incoming, secret, now=NOW + timedelta(minutes=6))


@pytest.mark.parametrize("kind", ["calendly", "customerio", "typeform", "marketo"])
def test_a_preset_asks_for_the_secret(kind: str) -> None:
    with pytest.raises(Invalid) as caught:
        preset(kind).check_secrets([])
    assert [error.path for error in caught.value.errors] == ["secrets"]


@pytest.mark.parametrize("kind", ["mandrill", "marketing-cloud", "postmark", "brevo", "mailchimp"])
def test_a_preset_whose_secret_comes_later_or_never_does_not(kind: str) -> None:
    preset(kind).check_secrets([])


@pytest.mark.parametrize(
    ("key", "secret"), [("whsec", "c2VjcmV0"), ("whsec", "whsec_?"), ("base64", "not base64!"), ("text", " ")]
)
def test_a_secret_that_is_no_key_is_refused_by_its_place(key: str, secret: str) -> None:
    source = adapter(verify={"by": "signature", **WAYS["mautic"], "key": key})
    with pytest.raises(Invalid) as caught:
        source.check_secrets([secret])
    assert [error.path for error in caught.value.errors] == ["secrets.0"]


def test_a_key_may_be_written_in_base64() -> None:
    source = adapter(verify={"by": "signature", **WAYS["mautic"], "key": "base64"})
    signed = base64.b64encode(hmac_of(b"raw \x00 key", BODY)).decode()
    incoming = Incoming({"webhook-signature": signed}, BODY, {})
    assert verifies(source, incoming, base64.b64encode(b"raw \x00 key").decode())
