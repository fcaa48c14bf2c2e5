"""Segment's calls become events, whoever's SDK made them; one that cannot is refused alone."""

import dataclasses
import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.errors import Invalid, Malformed
from app.sources.adapter import Incoming, Introduction, checked_settings
from app.sources.event import NewEvent
from app.sources.registry import ADAPTERS
from tests.sources.samples import RECEIVED_AT, Json, posted, request, sample, translate

SEGMENT = ADAPTERS["segment"]
AT = "2026-11-21T19:20:00Z"
TRACK: Json = {
    "type": "track",
    "event": "Deal Registered",
    "userId": "u-1",
    "messageId": "m-1",
    "timestamp": AT,
}
PAGE: Json = {"type": "page", "anonymousId": "a-1", "messageId": "m-2", "timestamp": AT}
IDENTIFY: Json = {"type": "identify", "userId": "u-1", "messageId": "m-3", "timestamp": AT}


def only_event(call: Json, settings: Json | None = None, *, path: str = "", **envelope: Any) -> NewEvent:
    (event,) = translate("segment", posted(call | envelope, path=path), settings).events
    return event


def only_introduction(call: Json) -> Introduction:
    (introduction,) = translate("segment", posted(call)).introductions
    return introduction


def only_reason(call: object) -> str:
    neighbours = [TRACK, TRACK | {"messageId": "m-9"}]
    translation = translate("segment", posted({"batch": [neighbours[0], call, neighbours[1]]}))
    assert [event.id for event in translation.events] == ["m-1", "m-9"]
    (refused,) = translation.refused
    return refused.reason


@pytest.mark.parametrize(
    ("path", "type_"),
    [
        ("/v1/track", "deal.registered"),
        ("/v1/t", "deal.registered"),
        ("/api/s/s2s/track", "deal.registered"),
        ("/v1/page", "page.viewed"),
        ("/v1/p", "page.viewed"),
        ("/v1/screen", "screen.viewed"),
        ("/v1/s", "screen.viewed"),
        ("/v1/identify", "contact.identified"),
        ("/v1/i/", "contact.identified"),
        ("/v1/group", "contact.grouped"),
        ("/v1/g", "contact.grouped"),
        ("/v1/alias", "contact.aliased"),
        ("/v1/a", "contact.aliased"),
    ],
)
def test_the_path_says_which_call_it_is(path: str, type_: str) -> None:
    call = {name: value for name, value in TRACK.items() if name != "type"}
    assert only_event(call, path=path).type == type_


def test_a_type_in_the_body_is_enough() -> None:
    assert only_event(TRACK).type == "deal.registered"


@pytest.mark.parametrize("path", ["", "/v1/batch", "/v1/import", "/v1/b"])
def test_a_batch_may_come_by_any_path(path: str) -> None:
    assert len(translate("segment", posted({"batch": [TRACK, PAGE]}, path=path)).events) == 2


@pytest.mark.parametrize("kind", ["application/json", "text/plain", ""])
def test_a_browser_posts_plain_text(kind: str) -> None:
    incoming = request(sample("segment", "batch_python"))
    plain = dataclasses.replace(incoming, headers={**incoming.headers, "content-type": kind})
    assert translate("segment", plain) == translate("segment", incoming)


def test_a_zipped_batch_is_the_same() -> None:
    incoming = request(sample("segment", "batch_python"))
    zipped = dataclasses.replace(
        incoming, body=gzip.compress(incoming.body), headers={"content-encoding": "gzip"}
    )
    assert translate("segment", zipped) == translate("segment", incoming)
    assert SEGMENT.verify(zipped, ["wk_123"], received_at=RECEIVED_AT)


@pytest.mark.parametrize(
    "body",
    [
        gzip.compress(b" " * 600_000 + b"{}"),
        gzip.compress(b"{}")[:-1],
        b"{}",
        gzip.compress(b"not json"),
    ],
    ids=["bomb", "cut", "plain", "no-json"],
)
def test_what_cannot_be_unzipped_is_malformed_and_not_vouched_for(body: bytes) -> None:
    incoming = Incoming({"content-encoding": "gzip"}, body, {})
    with pytest.raises(Malformed):
        translate("segment", incoming)
    assert not SEGMENT.verify(incoming, ["wk_123"], received_at=RECEIVED_AT)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"7", b"{", b'{"batch": 7}', b"{" * 9_000, json.dumps({"batch": ["x" * 512_000]}).encode()],
)
def test_a_body_that_is_no_call_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        translate("segment", Incoming({}, body, {}, path="/v1/batch"))


def test_a_browser_may_ask_first() -> None:
    reply = SEGMENT.handshake(Incoming({}, b"", {}, method="OPTIONS"), [])
    assert reply is not None
    assert (reply.status, reply.headers["access-control-allow-origin"]) == (200, "*")
    assert SEGMENT.handshake(posted(TRACK), []) is None


def test_success_is_told_in_segments_words_to_any_origin() -> None:
    assert SEGMENT.taken.body == {"success": True}
    assert SEGMENT.taken.headers == {"access-control-allow-origin": "*"}


@pytest.mark.parametrize(
    ("name", "type_"),
    [
        ("Webinar Attended", "webinar.attended"),
        ("webinar_attended", "webinar.attended"),
        ("webinarAttended", "webinar.attended"),
        ("Trade Show Attended", "tradeshow.attended"),
        ("Email Link Clicked", "email.clicked"),
        ("Webinar No Show", "webinar.no_show"),
        ("Content Downloaded!", "track.content_downloaded"),
        ("Café Visited", "track.cafe_visited"),
        ("x" * 300, "track." + "x" * 80),
    ],
)
def test_a_name_has_its_type(name: str, type_: str) -> None:
    assert only_event(TRACK | {"event": name}).type == type_


def test_a_name_without_a_letter_wants_a_setting() -> None:
    assert "`events`" in only_reason(TRACK | {"event": "Сделка"})
    assert (
        only_event(TRACK | {"event": "Сделка"}, {"events": {"сделка": "deal.registered"}}).type
        == "deal.registered"
    )


def test_settings_go_before_our_names() -> None:
    settings = {"events": {"Deal Registered": "deal.won", "Product Viewed": None}}
    assert only_event(TRACK, settings).type == "deal.won"
    translation = translate("segment", posted(TRACK | {"event": "product_viewed"}), settings)
    assert (translation.events, translation.ignored) == ([], 1)


@pytest.mark.parametrize("type_", ["Deal Won", "", "deal..won", 7])
def test_a_setting_must_be_a_type(type_: object) -> None:
    with pytest.raises(Invalid) as caught:
        checked_settings(SEGMENT, {"events": {"Deal": type_}})
    assert {error.path for error in caught.value.errors} == {"settings.events.Deal"}


def test_a_setting_may_not_make_an_event_of_our_own() -> None:
    settings = {"events": {"Deal Registered": "score.adjusted"}}
    translation = translate("segment", posted(TRACK), settings)
    assert (translation.events, "service's own" in translation.refused[0].reason) == ([], True)


@pytest.mark.parametrize(
    ("fields", "contact"),
    [
        ({}, "u-1"),
        ({"anonymousId": "a-1"}, "u-1"),
        ({"userId": None, "anonymousId": "a-1"}, "a-1"),
        ({"userId": 1001}, "1001"),
        ({"userId": "", "context": {"traits": {"email": "jo@acme.example"}}}, "jo@acme.example"),
    ],
)
def test_the_contact_is_the_user_else_the_anonymous(fields: Json, contact: str) -> None:
    assert only_event(TRACK | fields).contact == contact


@pytest.mark.parametrize(
    ("fields", "partner"),
    [
        ({"context": {"groupId": "p-1"}}, "p-1"),
        ({"groupId": "p-1", "context": {"groupId": "p-2"}}, "p-1"),
        ({"traits": {"company": {"id": 7}}}, "7"),
        ({"properties": {"partner_id": "p-3"}, "groupId": "p-1"}, "p-3"),
        ({"properties": {"url": "https://v.example/?partner_id=p-4"}}, "p-4"),
        ({"context": {"page": {"url": "https://v.example/?partner_id=p-5"}}}, "p-5"),
        ({"context": 7, "traits": [], "properties": None}, None),
    ],
)
def test_the_partner_is_the_group(fields: Json, partner: str | None) -> None:
    assert only_event(TRACK | fields).partner == partner


def test_identifying_introduces_a_person_by_all_names() -> None:
    traits = {"email": "jo@acme.example", "firstName": "Jo", "lastName": "Sand", "company": {"id": "acme"}}
    assert only_introduction(IDENTIFY | {"anonymousId": "a-1", "traits": traits}) == Introduction(
        "u-1", ("a-1",), email="jo@acme.example", name="Jo Sand", partner="acme"
    )


def test_somebody_anonymous_may_give_an_address() -> None:
    call = IDENTIFY | {"userId": None, "anonymousId": "a-1", "traits": {"email": "jo@acme.example"}}
    assert only_introduction(call) == Introduction("a-1", email="jo@acme.example")
    assert only_event(call).contact == "jo@acme.example"


def test_a_group_introduces_a_person_to_its_partner() -> None:
    call = IDENTIFY | {"type": "group", "groupId": "acme"}
    assert only_introduction(call) == Introduction("u-1", partner="acme")


def test_a_group_of_nobody_or_without_an_id_teaches_nothing() -> None:
    for call in (
        IDENTIFY | {"type": "group"},
        {**IDENTIFY, "type": "group", "groupId": "acme", "userId": None},
    ):
        assert translate("segment", posted(call)).introductions == []


def test_an_alias_is_another_name() -> None:
    assert only_introduction(IDENTIFY | {"type": "alias", "previousId": "a-1"}) == Introduction(
        "u-1", ("a-1",)
    )


def test_a_deletion_names_who_is_to_be_forgotten() -> None:
    """As Segment documents it: without an id."""
    call = {"type": "delete", "userId": "u-1", "timestamp": AT}
    translation = translate("segment", posted(call), {"erase": True})
    assert [(event.type, event.contact) for event in translation.events] == [("contact.deleted", "u-1")]
    assert translation.erasures == ["u-1"]


def test_a_deletion_is_refused_where_browsers_may_know_the_key() -> None:
    """A signature changes nothing: it is made with what may be the write key."""
    assert "set `erase`" in only_reason({"type": "delete", "userId": "u-1", "timestamp": AT})


def test_a_page_has_url_path_and_title_from_wherever_they_are() -> None:
    page = {"url": "https://v.example/mdf?x=1", "title": "MDF", "path": "/mdf"}
    for call in (PAGE | {"properties": page}, PAGE | {"context": {"page": page}}):
        assert only_event(call).properties == page


def test_the_name_of_a_page_serves_as_its_title() -> None:
    assert only_event(PAGE | {"name": "Pricing", "category": "Docs"}).properties == {
        "title": "Pricing",
        "name": "Pricing",
        "category": "Docs",
    }


def test_a_track_call_keeps_its_properties_without_addresses() -> None:
    call = TRACK | {
        "properties": {"amount": 7, "who": {"mail": ["jo@acme.example"]}, "link_url": "https://v.example/a"},
        "context": {"campaign": {"name": "spring"}, "ip": "203.0.113.5"},
    }
    assert only_event(call).properties == {
        "amount": 7,
        "who": {"mail": ["(address)"]},
        "link_url": "https://v.example/a",
        "url": "https://v.example/a",
        "path": "/a",
        "campaign": "spring",
    }


@pytest.mark.parametrize("skew", [timedelta(seconds=61), timedelta(days=400), timedelta(days=-4_000)])
def test_a_wrong_clock_is_put_right(skew: timedelta) -> None:
    sent, happened = RECEIVED_AT - skew, RECEIVED_AT - skew - timedelta(minutes=5)
    event = only_event(TRACK | {"timestamp": happened.isoformat()}, sentAt=sent.isoformat())
    assert event.occurred_at == RECEIVED_AT - timedelta(minutes=5)


def test_a_wrong_clock_is_put_right_for_a_whole_batch() -> None:
    sent = RECEIVED_AT - timedelta(hours=2)
    call = TRACK | {"timestamp": (sent - timedelta(minutes=5)).isoformat()}
    (event,) = translate("segment", posted({"batch": [call], "sentAt": sent.isoformat()})).events
    assert event.occurred_at == RECEIVED_AT - timedelta(minutes=5)


@pytest.mark.parametrize("skew", [timedelta(0), timedelta(seconds=60), timedelta(seconds=-60)])
def test_a_clock_that_is_nearly_right_is_believed(skew: timedelta) -> None:
    assert only_event(TRACK, sentAt=(RECEIVED_AT - skew).isoformat()).occurred_at == datetime.fromisoformat(
        AT
    )


@pytest.mark.parametrize("known", [{"receivedAt": AT}, {"originalTimestamp": AT}])
def test_what_segment_forwards_was_put_right(known: Json) -> None:
    event = only_event(TRACK | known, sentAt="2026-11-20T00:00:00Z")
    assert event.occurred_at == datetime.fromisoformat(AT)


@pytest.mark.parametrize("sent_at", [None, 7, "yesterday", "2026-11-21T19:25:00"])
def test_a_strange_sent_at_says_nothing(sent_at: object) -> None:
    assert only_event(TRACK, sentAt=sent_at).occurred_at == datetime.fromisoformat(AT)


def test_nothing_happens_after_it_came() -> None:
    assert only_event(TRACK | {"timestamp": "2027-01-01T00:00:00Z"}).occurred_at == RECEIVED_AT


def test_without_a_time_it_happened_when_it_came() -> None:
    assert only_event(TRACK | {"timestamp": None}).occurred_at is None


@pytest.mark.parametrize("sent_at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
@pytest.mark.parametrize("timestamp", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_no_pair_of_times_is_too_far_apart(sent_at: str, timestamp: str) -> None:
    translation = translate("segment", posted(TRACK | {"timestamp": timestamp, "sentAt": sent_at}))
    assert len(translation.events) + len(translation.refused) == 1


def test_without_a_message_id_the_call_itself_is_told_apart() -> None:
    call = TRACK | {"messageId": None}
    same, other, later = (
        call | {"sentAt": AT},
        call | {"event": "X"},
        call | {"timestamp": "2026-11-21T19:21:00Z"},
    )
    assert only_event(call).id == only_event(same).id
    assert len({only_event(each).id for each in (call, other, later)}) == 3


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (7, "not an object"),
        (TRACK | {"type": None}, "`type` is none"),
        (TRACK | {"type": "teleport"}, "`type` is none"),
        (TRACK | {"type": ["track"]}, "`type` is none"),
        (TRACK | {"event": None}, "`event`"),
        (TRACK | {"userId": None}, "one of partner and contact"),
        (TRACK | {"timestamp": "yesterday"}, "`timestamp`"),
        (TRACK | {"timestamp": 7}, "`timestamp`"),
        (TRACK | {"timestamp": "1999-12-31T00:00:00Z"}, "`timestamp`"),
        (TRACK | {"messageId": None, "timestamp": None}, "a repeat"),
        (TRACK | {"messageId": "x" * 256}, "`id`"),
        (TRACK | {"properties": {"x": "y" * 33_000}}, "over 32768 bytes"),
        (TRACK | {"properties": {"x": float("nan")}}, "finite"),
        (TRACK | {"properties": {"x": "nul \x00"}}, "NUL"),
        (TRACK | {"userId": "\ud83d"}, "`contact`"),
        (IDENTIFY | {"traits": {"email": "x" * 256}}, "`email`"),
    ],
)
def test_a_bad_call_is_refused_alone_and_says_why(call: object, reason: str) -> None:
    assert reason in only_reason(call)


def test_a_call_nested_too_deep_is_refused_alone() -> None:
    deep: Any = 7
    for _ in range(200):
        deep = [deep]
    assert "nested deeper" in only_reason(TRACK | {"properties": {"x": deep}})


def test_a_machine_that_names_itself_is_one() -> None:
    agent = "Mozilla/5.0 (compatible; Googlebot/2.1)"
    event = only_event(PAGE | {"context": {"userAgent": agent}})
    assert (event.verdict, event.verdict_reason) == ("machine", "user agent of a machine: Googlebot")


def test_a_time_has_its_zone() -> None:
    event = only_event(TRACK | {"timestamp": "2026-11-21T20:20:00+01:00"})
    assert event.occurred_at == datetime(2026, 11, 21, 19, 20, tzinfo=UTC)
