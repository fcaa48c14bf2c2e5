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
    (found,) = rehearsed(source, item, query={"p": "p-77"}).events
    assert found.why == {
        "type": "kind|sub is 'open|'",
        "id": "id, email",
        "occurred_at": "b",
        "contact": "email",
        "partner": "query().p",
        "properties.campaign": "d",
        "verdict": "is_proxy",
    }
    assert found.event.partner == "p-77"


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
    (found,) = rehearse(source, request, settings, received_at=RECEIVED_AT).events
    assert (found.event.partner, found.why["partner"]) == ("p-1", why)


def test_what_gave_nothing_is_no_reason() -> None:
    (found,) = rehearsed(adapter(partner="meta"), {**ITEM, "meta": {"a": 1}}).events
    assert "partner" not in found.why


def test_the_time_of_receipt_says_that_it_is() -> None:
    (found,) = rehearsed(adapter(), ITEM).events
    assert found.why["occurred_at"] == "the time of receipt"


def test_what_is_refused_and_what_is_ignored_says_why() -> None:
    source = adapter(type={"of": "kind", "table": {"open": "email.opened"}})
    rehearsal = rehearsed(source, [{"kind": "sent"}, {"kind": "open"}])
    assert [each["type"] for each in rehearsal.ignored] == ["kind is 'sent'"]
    assert ["`id` gives nothing" in each.reason for each in rehearsal.refused] == [True]


def test_a_native_adapter_shows_its_events_without_reasons() -> None:
    rehearsal = rehearsed(SENDGRID, [OPEN, {**OPEN, "event": "processed"}, {}])
    assert [(each.event.id, each.why) for each in rehearsal.events] == [("ev-1", {})]
    assert (len(rehearsal.ignored), len(rehearsal.refused)) == (1, 1)


@pytest.mark.parametrize("source", [adapter(), SENDGRID], ids=["mapping", "native"])
def test_a_body_that_cannot_be_read_says_so(source: Adapter) -> None:
    rehearsal = rehearsed(source, b"{")
    assert (rehearsal.malformed, rehearsal.events) == ("The body is not JSON.", ())


def test_a_challenge_shows_its_answer() -> None:
    source = adapter(challenge=[{"methods": ["GET"], "body": "here"}])
    rehearsal = rehearsed(source, b"", method="GET")
    assert (rehearsal.is_handshake, rehearsal.reply) == (True, Reply(200, "here"))


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
    assert [each.partner for each in rehearsal.introductions] == ["p-77"]
