"""CloudEvents as a source: three modes, a handshake, and a sender's own types."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from cloudevents.core.bindings.http import to_binary, to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from app.errors import Malformed
from app.sources.adapter import Incoming
from app.sources.event import NewEvent
from app.sources.registry import ADAPTERS
from tests.sources.samples import Json, posted, request, sample, translate

CLOUDEVENTS = ADAPTERS["cloudevents"]
BATCH = "application/cloudevents-batch+json"
STRUCTURED = "application/cloudevents+json"
EVENT: Json = {
    "specversion": "1.0",
    "id": "1",
    "source": "/prm",
    "type": "com.example.deal.registered",
    "time": "2026-03-02T09:06:00Z",
    "partnerid": "acme",
    "data": {"email": "jo@acme.example", "amount": 7},
}


def batch(*events: object) -> Incoming:
    return posted(events, content_type=BATCH)


def only_event(settings: Json | None = None, *, query: Json | None = None, **fields: Any) -> NewEvent:
    (event,) = translate("cloudevents", replace(batch(EVENT | fields), query=query or {}), settings).events
    return event


def test_the_handshake_allows_who_asks() -> None:
    document = sample("cloudevents", "options_handshake")
    (expected,) = document["_meta"]["expected_events"]
    reply = CLOUDEVENTS.handshake(request(document), [])
    assert reply is not None
    assert (reply.status, reply.headers) == (expected["respond"]["status"], expected["respond"]["headers"])


@pytest.mark.parametrize("rate", ["", "-1", "many", "1.5"])
def test_any_rate_is_allowed(rate: str) -> None:
    headers = {"webhook-request-origin": "prm.example", "webhook-request-rate": rate}
    reply = CLOUDEVENTS.handshake(Incoming(headers, b"", {}, method="OPTIONS"), [])
    assert reply is not None
    assert reply.headers["WebHook-Allowed-Rate"] == "*"


def test_options_without_an_origin_says_what_is_allowed() -> None:
    reply = CLOUDEVENTS.handshake(Incoming({}, b"", {}, method="OPTIONS"), [])
    assert reply is not None
    assert reply.headers == {"Allow": "POST"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": "application/json"},
        {"content-type": "application/cloudevents+avro"},
        {"content-type": "application/xml", "ce-specversion": "1.0"},
    ],
)
def test_what_is_not_json_is_told_so(headers: dict[str, str]) -> None:
    incoming = Incoming(headers, b"{}", {})
    reply = CLOUDEVENTS.handshake(incoming, [])
    assert reply is not None
    assert reply.status == 415
    with pytest.raises(Malformed):
        translate("cloudevents", incoming)


@pytest.mark.parametrize("kind", [STRUCTURED, f"{STRUCTURED}; charset=utf-8", BATCH, BATCH.upper()])
def test_what_is_json_needs_no_handshake(kind: str) -> None:
    assert CLOUDEVENTS.handshake(Incoming({"content-type": kind}, b"{}", {}), []) is None


@pytest.mark.parametrize("mode", [to_binary, to_structured])
def test_the_reference_library_is_understood(mode: Any) -> None:
    time = datetime(2026, 3, 2, 9, 6, tzinfo=UTC)
    attributes = {
        "id": "1",
        "source": "/prm",
        "type": "webinar.attended",
        "partnerid": "Euro € 😀",
        "time": time,
    }
    message = mode(
        CloudEvent(attributes | {"datacontenttype": "application/json"}, {"minutes": 42}), JSONFormat()
    )
    headers = {name.lower(): value for name, value in message.headers.items()}
    (event,) = translate("cloudevents", Incoming(headers, message.body, {})).events
    assert (event.id, event.type, event.occurred_at) == ("/prm|1", "webinar.attended", time)
    assert (event.partner, event.properties) == ("Euro € 😀", {"minutes": 42})


@pytest.mark.parametrize(
    ("type_", "expected"),
    [
        ("com.example.prm.deal.registered", "deal.registered"),
        ("deal.registered", "deal.registered"),
        ("com.example.deal.won", "com.example.deal.won"),
        ("My Type", "form.submitted"),
    ],
)
def test_a_senders_type_becomes_ours(type_: str, expected: str) -> None:
    assert only_event({"types": {"My Type": "form.submitted"}}, type=type_).type == expected


def test_a_type_may_be_set_to_mean_nothing() -> None:
    settings = {"types": {"com.example.deal.registered": None}}
    assert translate("cloudevents", batch(EVENT), settings).ignored == 1


@pytest.mark.parametrize(
    ("fields", "query", "partner"),
    [
        ({}, {"partner_id": "query"}, "acme"),
        ({"partnerid": None, "partner": "p"}, {}, "p"),
        ({"partnerid": None, "subject": "partner/p"}, {}, "p"),
        ({"partnerid": None, "subject": "deals/9"}, {}, None),
        ({"partnerid": None, "data": {"email": "a@b.example", "partner_id": 7}}, {}, "7"),
        ({"partnerid": None, "subject": "deals/9"}, {"partner_id": "query"}, "query"),
    ],
)
def test_the_partner_is_where_it_is_named(fields: Json, query: Json, partner: str | None) -> None:
    assert only_event(query=query, **fields).partner == partner


def test_source_and_id_are_one_name_and_never_anothers() -> None:
    assert only_event(source="a|b", id="c").id != only_event(source="a", id="b|c").id


def test_no_address_gets_into_the_properties() -> None:
    assert only_event(data={"email": "jo@acme.example", "note": "cc mo@acme.example"}).properties == {
        "note": "cc (address)"
    }


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (7, "not an object"),
        (EVENT | {"specversion": "0.3"}, "`specversion`"),
        (EVENT | {"data_base64": "e30="}, "`data_base64`"),
        (EVENT | {"id": None}, "`source` and `id`"),
        (EVENT | {"source": {}}, "`source` and `id`"),
        (EVENT | {"type": None}, "`type`"),
        (EVENT | {"type": "No Type"}, "`type`"),
        (EVENT | {"type": "score.adjusted"}, "service's own"),
        (EVENT | {"time": "yesterday"}, "`occurred_at`"),
        (EVENT | {"data": {"x": float("nan")}}, "finite"),
        (EVENT | {"partnerid": None, "data": 7}, "one of partner and contact"),
    ],
)
def test_a_bad_event_is_refused_alone_and_says_why(event: object, reason: str) -> None:
    translation = translate("cloudevents", batch(EVENT, event, EVENT | {"id": "3"}))
    assert [each.id for each in translation.events] == ["/prm|1", "/prm|3"]
    (refused,) = translation.refused
    assert reason in refused.reason


@pytest.mark.parametrize(
    ("kind", "body"), [(STRUCTURED, b"[]"), (STRUCTURED, b""), (BATCH, b"{}"), (BATCH, b"["), (BATCH, b"7")]
)
def test_a_body_of_another_mode_is_malformed(kind: str, body: bytes) -> None:
    with pytest.raises(Malformed):
        translate("cloudevents", Incoming({"content-type": kind}, body, {}))


def test_a_header_that_is_no_utf8_is_malformed() -> None:
    with pytest.raises(Malformed):
        translate("cloudevents", Incoming({"ce-specversion": "1.0", "ce-id": "%C0"}, b"", {}))


def test_an_empty_batch_is_fine() -> None:
    assert translate("cloudevents", batch()).events == []
