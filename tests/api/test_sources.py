"""A source from end to end: SendGrid posts its own format, signed, and the events count."""

import base64
import json
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app import clock
from app.sources.sendgrid.signature import SIGNATURE_HEADER, TIMESTAMP_HEADER
from tests.api.calls import Json, client_of, every, is_problem, score
from tests.support.service import Service


def verification_key(key: ec.EllipticCurvePrivateKey) -> str:
    """The public half as SendGrid shows it."""
    return base64.b64encode(
        key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).decode()


SIGNER = ec.generate_private_key(ec.SECP256R1())
FORM: Json = {"kind": "sendgrid", "name": "Newsletter", "secrets": [verification_key(SIGNER)]}


@pytest.fixture
async def source(client: httpx2.AsyncClient, activated: int) -> Json:
    """A SendGrid source, as its creation showed it."""
    made: Json = (await client.post("/v1/sources", json=FORM)).raise_for_status().json()
    return made


def item(id_: str, event: str = "click", **fields: Any) -> Json:
    known = {"email": "jo@acme.example", "timestamp": int(clock.now().timestamp()), "partner_id": "acme"}
    return known | {"event": event, "sg_event_id": id_, "url": "https://vendor.example/deals"} | fields


def signed(
    body: bytes, *, key: ec.EllipticCurvePrivateKey = SIGNER, timestamp: str = "1772442360"
) -> dict[str, str]:
    signature = key.sign(timestamp.encode() + body, ec.ECDSA(SHA256()))
    return {SIGNATURE_HEADER: base64.b64encode(signature).decode(), TIMESTAMP_HEADER: timestamp}


async def deliver(service: Service, source: Json, *items: object) -> httpx2.Response:
    """Post as SendGrid does: without a key, signed, with a line break at the end."""
    body = json.dumps(items).encode() + b"\r\n"
    async with client_of(service) as sendgrid:
        return await sendgrid.post(f"/in/{source['key']}", content=body, headers=signed(body))


async def test_key_is_shown_once(client: httpx2.AsyncClient, source: Json) -> None:
    assert source["url"].endswith(f"/in/{source['key']}")
    assert any(source["url"] in step for step in source["steps"])
    shown = (await client.get(f"/v1/sources/{source['id']}")).json()
    assert shown == {name: value for name, value in source.items() if name not in {"key", "url", "steps"}}
    assert await every(client, "/v1/sources") == [shown]


async def test_clicks_count(service: Service, client: httpx2.AsyncClient, source: Json) -> None:
    answer = await deliver(service, source, item("a"), item("b"))
    assert (answer.status_code, answer.json()["events"], answer.json()["refused"]) == (200, 2, [])
    assert await score(client) == 10.0
    events = await every(client, "/v1/events", source=source["id"])
    assert {(each["id"], each["type"], each["contact"]) for each in events} == {
        ("a", "email.clicked", "jo@acme.example"),
        ("b", "email.clicked", "jo@acme.example"),
    }


async def test_replay_is_harmless(service: Service, client: httpx2.AsyncClient, source: Json) -> None:
    answers = [await deliver(service, source, item("a", timestamp=1_772_442_360)) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert len(await every(client, "/v1/events")) == 1


async def test_machine_opens_count_nothing(
    service: Service, client: httpx2.AsyncClient, source: Json
) -> None:
    await deliver(service, source, item("a", sg_machine_open=True), item("b", "open", sg_machine_open=True))
    assert await score(client) == 0.0
    assert len(await every(client, "/v1/events", verdict="machine")) == 2


async def test_bad_item_harms_no_neighbour(
    service: Service, client: httpx2.AsyncClient, source: Json
) -> None:
    later = item("late", timestamp=int(clock.now().timestamp()) + 3_600)
    answer = await deliver(
        service, source, item("a"), {"event": "click"}, 7, later, item("b"), item("c", "processed")
    )
    receipt = answer.json()
    assert answer.status_code == 200
    assert (receipt["received"], receipt["events"], receipt["ignored"], len(receipt["refused"])) == (
        6,
        2,
        1,
        3,
    )
    (kept,) = await every(client, f"/v1/sources/{source['id']}/requests")
    assert len(kept["refused"]) == 3


async def test_partner_by_contact_or_domain(
    service: Service, client: httpx2.AsyncClient, source: Json
) -> None:
    await client.put("/v1/partners/beta", json={"domains": ["beta.example"]})
    await client.put("/v1/contacts/mo@gmail.com", json={"partner": "beta"})
    unknown: Json = {"partner_id": None}
    await deliver(
        service,
        source,
        item("domain", email="jo@beta.example", **unknown),
        item("contact", email="mo@gmail.com", **unknown),
        item("nobody", email="x@gmail.com", **unknown),
    )
    assert await score(client, "beta") == 10.0
    assert [each["id"] for each in await every(client, "/v1/events/parked")] == ["nobody"]


@pytest.mark.parametrize("place", [0, 1, 40, -3, -1])
async def test_tampered_byte(service: Service, client: httpx2.AsyncClient, source: Json, place: int) -> None:
    body = json.dumps([item("a")]).encode() + b"\r\n"
    headers = signed(body)
    tampered = bytearray(body)
    tampered[place] ^= 1
    async with client_of(service) as sendgrid:
        answer = await sendgrid.post(f"/in/{source['key']}", content=bytes(tampered), headers=headers)
    assert is_problem(answer, 401, "unauthenticated")
    assert await every(client, "/v1/events") == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {SIGNATURE_HEADER: "", TIMESTAMP_HEADER: "1772442360"},
        {SIGNATURE_HEADER: "not base64!", TIMESTAMP_HEADER: "1772442360"},
        {**signed(b"[]"), TIMESTAMP_HEADER: "1772442361"},
        signed(b"[]", key=ec.generate_private_key(ec.SECP256R1())),
    ],
    ids=["none", "empty", "no base64", "other time", "other key"],
)
async def test_unsigned(service: Service, source: Json, headers: dict[str, str]) -> None:
    async with client_of(service) as stranger:
        answer = await stranger.post(f"/in/{source['key']}", content=b"[]", headers=headers)
    assert is_problem(answer, 401, "unauthenticated")


@pytest.mark.parametrize("body", [b"", b"{}", b"[", b"7", b"\xff"])
async def test_signed_but_unreadable(
    service: Service, client: httpx2.AsyncClient, source: Json, body: bytes
) -> None:
    async with client_of(service) as sendgrid:
        answer = await sendgrid.post(f"/in/{source['key']}", content=body, headers=signed(body))
    assert (answer.status_code, answer.json()["status"]) == (200, "unreadable")
    (kept,) = await every(client, f"/v1/sources/{source['id']}/requests", status="unreadable")
    assert (kept["body"], kept["items"]) == (body.decode(errors="replace"), 0)


async def test_unknown_and_disabled_url(service: Service, client: httpx2.AsyncClient, source: Json) -> None:
    assert (await client.delete(f"/v1/sources/{source['id']}")).status_code == 204
    assert is_problem(await deliver(service, source, item("a")), 404, "not_found")
    assert is_problem(await deliver(service, {"key": "none"}, item("a")), 404, "not_found")
    assert (await client.get(f"/v1/sources/{source['id']}")).json()["disabled_at"] is not None


async def test_either_of_two_verification_keys(
    service: Service, client: httpx2.AsyncClient, activated: int
) -> None:
    other = verification_key(ec.generate_private_key(ec.SECP256R1()))
    made = await client.post("/v1/sources", json=FORM | {"secrets": [other, *FORM["secrets"]]})
    assert (await deliver(service, made.json(), item("a"))).status_code == 200


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"kind": "pigeon"}, "kind"),
        ({"secrets": []}, "secrets"),
        ({"secrets": ["not a key"]}, "secrets.0"),
        ({"settings": {"partner_argument": "email"}}, "settings.partner_argument"),
        ({"settings": {"typo": 1}}, "settings.typo"),
        ({"name": ""}, "name"),
    ],
)
async def test_source_refused(client: httpx2.AsyncClient, change: Json, path: str) -> None:
    answer = await client.post("/v1/sources", json=FORM | change)
    assert is_problem(answer, 422, "invalid")
    assert [error["path"] for error in answer.json()["errors"]] == [path]
