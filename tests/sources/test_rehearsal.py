"""A rehearsal shows what a request would come to, and why."""

import json
from typing import Any

import pytest

from app.sources.adapter import Adapter, Incoming, Reply, checked_settings
from app.sources.registry import ADAPTERS
from app.sources.rehearsal import Rehearsal, rehearse
from tests.support.mappings import ITEM, RECEIVED_AT, adapter, incoming

SENDGRID = ADAPTERS["sendgrid"]
OPEN = {"email": "pat@reseller.example", "timestamp": 1763000030, "event": "open", "sg_event_id": "ev-1"}


def rehearsed(source: Adapter, body: object, *secrets: str, method: str = "POST", **parts: Any) -> Rehearsal:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = Incoming(parts.get("headers", {}), raw, parts.get("query", {}), method=method)
    return rehearse(source, request, checked_settings(source, {}), received_at=RECEIVED_AT, secrets=secrets)


def test_each_field_says_what_gave_it() -> None:
    source = adapter(
        type={"of": ["kind", "sub"], "table": {"open|*": "email.opened"}},
        id=["id", "email"],
        occurred_at=[{"at": ["a", "b"], "unit": "s"}, "received"],
        contact=["uid", "email"],
        partner=["meta.partner", "query().p"],
        properties={"campaign": ["c", "d"]},
        verdict=[{"when": "is_proxy", "because": "flagged"}],
    )
    item = {**ITEM, "kind": "open", "b": 1763000030, "d": "spring", "is_proxy": True}
    rehearsal = rehearsed(source, item, query={"p": "p-77"})
    assert rehearsal.why[0] == {
        "type": "kind|sub is 'open|'",
        "id": "id, email",
        "occurred_at": "b",
        "contact": "email",
        "partner": "query().p",
        "properties.campaign": "d",
        "verdict": "is_proxy",
    }
    assert rehearsal.translation.events[0].partner == "p-77"


@pytest.mark.parametrize(
    ("query", "settings", "why"),
    [
        ({"partner_id": "p-1"}, {}, "partner_id on our URL or on `link`"),
        ({}, {"partner": [{"path": "crm"}]}, "the source's setting `partner`"),
    ],
)
def test_the_partner_says_which_way_it_was_found(
    query: dict[str, str], settings: dict[str, Any], why: str
) -> None:
    source, request = adapter(), incoming({**ITEM, "crm": "p-1"}, query=query)
    rehearsal = rehearse(source, request, settings, received_at=RECEIVED_AT)
    assert rehearsal.translation.events[0].partner == "p-1"
    assert rehearsal.why[0]["partner"] == why


def test_what_gave_nothing_is_no_reason() -> None:
    (why,) = rehearsed(adapter(partner="meta"), {**ITEM, "meta": {"a": 1}}).why
    assert "partner" not in why


def test_the_time_of_receipt_says_that_it_is() -> None:
    (why,) = rehearsed(adapter(), ITEM).why
    assert why["occurred_at"] == "the time of receipt"


def test_what_is_refused_and_what_is_ignored_says_why() -> None:
    source = adapter(type={"of": "kind", "table": {"open": "email.opened"}})
    rehearsal = rehearsed(source, [{"kind": "sent"}, {"kind": "open"}])
    assert list(rehearsal.why) == [{"type": "kind is 'sent'"}, {}]
    assert ["`id` gives nothing" in each.reason for each in rehearsal.translation.refused] == [True]


def test_a_native_adapter_shows_its_events_without_reasons() -> None:
    rehearsal = rehearsed(SENDGRID, [OPEN, {**OPEN, "event": "processed"}, {}])
    translation = rehearsal.translation
    assert [each.id for each in translation.events] == ["ev-1"]
    assert (translation.ignored, len(translation.refused)) == (1, 1)
    assert list(rehearsal.why) == [{}, {}, {}]


@pytest.mark.parametrize("source", [adapter(), SENDGRID], ids=["mapping", "native"])
def test_a_body_that_cannot_be_read_says_so(source: Adapter) -> None:
    rehearsal = rehearsed(source, b"{")
    assert (rehearsal.malformed, rehearsal.translation.items) == ("The body is not JSON.", ())


def test_a_challenge_shows_its_answer() -> None:
    source = adapter(challenge=[{"methods": ["GET"], "body": "here"}])
    rehearsal = rehearsed(source, b"", method="GET")
    assert (rehearsal.is_handshake, rehearsal.reply) == (True, Reply(200, "here"))


def test_only_post_brings_events() -> None:
    rehearsal = rehearsed(adapter(), ITEM, "s3", method="GET")
    assert (rehearsal.reply.status, rehearsal.verified, rehearsal.translation.items) == (405, None, ())


@pytest.mark.parametrize(("token", "is_signed"), [("s3", True), ("s4", False)])
def test_what_nobody_vouches_for_gets_nothing_signed(token: str, *, is_signed: bool) -> None:
    signed = {"name": "proof", "text": "text"}
    source = adapter(verify={"by": "bearer"}, challenge=[{"when": "text", "signed": signed}])
    headers = {"authorization": f"Bearer {token}"}
    rehearsal = rehearsed(source, {"text": "anything"}, "s3", headers=headers)
    assert (rehearsal.is_handshake, rehearsal.verified) == (is_signed, is_signed)


def test_any_other_request_shows_what_the_platform_hears() -> None:
    rehearsal = rehearsed(adapter(response={"status": 202, "body": "taken"}), ITEM)
    assert (rehearsal.is_handshake, rehearsal.reply) == (False, Reply(202, "taken"))


@pytest.mark.parametrize(("secrets", "verified"), [((), None), (("s3",), True), (("s4",), False)])
def test_with_a_secret_it_says_whether_the_request_is_genuine(
    secrets: tuple[str, ...], *, verified: bool | None
) -> None:
    source = adapter(verify={"by": "bearer"})
    headers = {"authorization": "Bearer s3"}
    assert rehearsed(source, ITEM, *secrets, headers=headers).verified is verified


def test_what_people_are_taught_is_shown() -> None:
    rehearsal = rehearsed(adapter(introduces=[{"partner": "partner"}]), {**ITEM, "partner": "p-77"})
    assert [each.partner for each in rehearsal.translation.introductions] == ["p-77"]
