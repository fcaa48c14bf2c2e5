"""SendGrid's signature covers the timestamp and every byte of the body."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.errors import Invalid
from app.sources.adapter import Incoming
from app.sources.sendgrid.adapter import SendGrid
from app.sources.sendgrid.signature import SIGNATURE_HEADER, TIMESTAMP_HEADER

VECTORS = json.loads((Path(__file__).parents[1] / "data/sendgrid/vectors.json").read_text())
VENDOR, SECOND = VECTORS
HEADERS = {name.lower(): value for name, value in VENDOR["headers"].items()}
BODY = VENDOR["body"].encode()
KEY = VENDOR["public_key"]
RECEIVED_AT = datetime(2025, 11, 13, 3, 0, tzinfo=UTC)


def verifies(
    *, headers: dict[str, str] = HEADERS, body: bytes = BODY, secrets: tuple[str, ...] = (KEY,)
) -> bool:
    return SendGrid().verify(Incoming(headers, body, {}), secrets, received_at=RECEIVED_AT)


def spki(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> str:
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_a_published_vector_verifies(vector: dict[str, Any]) -> None:
    headers = {name.lower(): value for name, value in vector["headers"].items()}
    assert verifies(headers=headers, body=vector["body"].encode(), secrets=(vector["public_key"],))


@pytest.mark.parametrize("at", range(0, len(BODY), 7))
def test_a_tampered_byte_does_not(at: int) -> None:
    assert not verifies(body=BODY[:at] + bytes([BODY[at] ^ 1]) + BODY[at + 1 :])


@pytest.mark.parametrize("body", [BODY.rstrip(), BODY + b"\n", json.dumps(json.loads(BODY)).encode(), b""])
def test_other_bytes_with_the_same_meaning_do_not(body: bytes) -> None:
    assert not verifies(body=body)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        (TIMESTAMP_HEADER, "1600112503"),
        (TIMESTAMP_HEADER, ""),
        (TIMESTAMP_HEADER, "\ud83d"),
        (SIGNATURE_HEADER, ""),
        (SIGNATURE_HEADER, "not base64!"),
        (SIGNATURE_HEADER, "schön"),
        (SIGNATURE_HEADER, base64.b64encode(b"no DER").decode()),
        (SIGNATURE_HEADER, VECTORS[1]["headers"]["X-Twilio-Email-Event-Webhook-Signature"]),
    ],
)
def test_a_wrong_header_does_not(header: str, value: str) -> None:
    assert not verifies(headers={**HEADERS, header: value})


@pytest.mark.parametrize("header", [SIGNATURE_HEADER, TIMESTAMP_HEADER])
def test_a_missing_header_does_not(header: str) -> None:
    assert not verifies(headers={name: value for name, value in HEADERS.items() if name != header})


def test_any_of_the_active_keys_may_have_signed() -> None:
    assert verifies(secrets=(SECOND["public_key"], KEY))


@pytest.mark.parametrize("secrets", [(), (SECOND["public_key"],), ("broken",)])
def test_without_the_right_key_it_does_not(secrets: tuple[str, ...]) -> None:
    assert not verifies(secrets=secrets)


def test_a_verification_key_is_accepted() -> None:
    SendGrid().check_secrets([KEY, f" {SECOND['public_key']}\n"])


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "whsec_c2VjcmV0",
        "schön",
        KEY[:-8],
        f"-----BEGIN PUBLIC KEY-----\n{KEY}\n-----END PUBLIC KEY-----",
        spki(ec.generate_private_key(ec.SECP384R1())),
        spki(ed25519.Ed25519PrivateKey.generate()),
    ],
    ids=["empty", "other", "not-ascii", "cut", "armoured", "p-384", "ed25519"],
)
def test_any_other_secret_is_refused_by_its_place(secret: str) -> None:
    with pytest.raises(Invalid) as caught:
        SendGrid().check_secrets([KEY, secret])
    assert [error.path for error in caught.value.errors] == ["secrets.1"]


def test_a_source_needs_a_verification_key() -> None:
    with pytest.raises(Invalid) as caught:
        SendGrid().check_secrets([])
    assert [error.path for error in caught.value.errors] == ["secrets"]
