"""SendGrid's items become events; one that cannot is refused alone."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.errors import Malformed
from app.sources.adapter import Incoming, Translation
from app.sources.event import NewEvent
from app.sources.sendgrid.adapter import SendGrid

SAMPLE = json.loads((Path(__file__).parents[1] / "data/sendgrid/batch_all_events.json").read_text())
RECEIVED_AT = datetime(2025, 11, 13, 3, 0, tzinfo=UTC)
OPEN = {
    "email": "pat@reseller.example",
    "timestamp": 1763000900,
    "event": "open",
    "sg_event_id": "ev-1",
    "sg_message_id": "14c5d75ce93.dfd",
    "smtp-id": "<14c5d75ce93.dfd@ismtpd-555>",
    "useragent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64)",
    "ip": "198.51.100.4",
}
CLICK = {**OPEN, "event": "click", "url": "https://vendor.example/partners/mdf?utm_campaign=q3"}


def translate(body: bytes, settings: Mapping[str, Any] | None = None) -> Translation:
    return SendGrid().translate(Incoming({}, body, {}), settings or {}, received_at=RECEIVED_AT)


def batch(*items: object) -> bytes:
    return json.dumps(items).encode() + b"\r\n"


def only_event(item: object, settings: Mapping[str, Any] | None = None) -> NewEvent:
    (event,) = translate(batch(item), settings).events
    return event


def only_reason(item: object) -> str:
    translation = translate(batch(OPEN, item, {**OPEN, "sg_event_id": "ev-3"}))
    assert [event.id for event in translation.events] == ["ev-1", "ev-3"]
    (refused,) = translation.refused
    return refused.reason


@pytest.mark.parametrize(
    ("item", "expected"),
    list(zip(SAMPLE["body"], SAMPLE["_meta"]["expected_events"], strict=True)),
    ids=[f"{item['event']}-{item['sg_event_id']}" for item in SAMPLE["body"]],
)
def test_an_item_of_the_sample_becomes_what_is_expected(
    item: dict[str, Any], expected: dict[str, Any]
) -> None:
    translation = translate(batch(item))
    if expected["type"] == "ignored":
        assert (translation.events, translation.refused, translation.ignored) == ([], [], 1)
    else:
        (event,) = translation.events
        assert event.model_dump(include=set(expected)) == expected | {
            "occurred_at": datetime.fromisoformat(expected["occurred_at"])
        }


def test_the_sample_as_one_batch_loses_nothing() -> None:
    translation = translate(batch(*SAMPLE["body"]))
    assert (len(translation.events), len(translation.refused), translation.ignored) == (8, 0, 3)


@pytest.mark.parametrize("name", ["processed", "deferred", "dropped", "account_status_change"])
def test_what_is_no_act_of_a_partner_is_ignored(name: str) -> None:
    assert translate(batch({**OPEN, "event": name})).ignored == 1


@pytest.mark.parametrize(
    ("kind", "types"), [("bounce", ["email.bounced"]), (None, ["email.bounced"]), ("blocked", [])]
)
def test_only_a_hard_bounce_counts(kind: str | None, types: list[str]) -> None:
    item = {**OPEN, "event": "bounce", "type": kind}
    assert [event.type for event in translate(batch(item)).events] == types


def test_subscribing_again_is_told() -> None:
    event = only_event({**OPEN, "event": "group_resubscribe", "asm_group_id": 10})
    assert (event.type, event.properties["unsubscribe_group"]) == ("email.resubscribed", 10)


@pytest.mark.parametrize("flag", [True, "true", "True", " TRUE ", 1, "1"])
def test_a_flagged_open_is_a_machines(flag: object) -> None:
    assert only_event({**OPEN, "sg_machine_open": flag}).verdict == "machine"


@pytest.mark.parametrize("flag", [False, "false", "False", 0, "0", "", None, "maybe"])
def test_any_other_flag_leaves_it_a_persons(flag: object) -> None:
    assert only_event({**OPEN, "sg_machine_open": flag}).verdict == "human"


@pytest.mark.parametrize(
    ("category", "expected"),
    [
        ("spring", {"campaign": "spring", "categories": ["spring"]}),
        (["spring", "emea"], {"campaign": "spring", "categories": ["spring", "emea"]}),
        (["spring", "spring"], {"campaign": "spring", "categories": ["spring"]}),
        ([], {}),
        (None, {}),
        ({"odd": 1}, {}),
    ],
)
def test_categories_are_told_as_a_list_and_the_first_is_the_campaign(
    category: object, expected: object
) -> None:
    properties = only_event({**OPEN, "category": category}).properties
    assert {key: properties[key] for key in ("campaign", "categories") if key in properties} == expected


def test_a_named_campaign_goes_before_a_category() -> None:
    event = only_event({**OPEN, "category": "nurture", "marketing_campaign_name": "Spring storage"})
    assert event.properties["campaign"] == "Spring storage"


def test_a_click_tells_its_link_and_the_path_for_rules() -> None:
    properties = only_event(CLICK).properties
    assert (properties["url"], properties["path"]) == (CLICK["url"], "/partners/mdf")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://vendor.example", {"url": "https://vendor.example", "path": "/"}),
        ("https://[broken", {"url": "https://[broken"}),
        (7, {}),
    ],
)
def test_an_odd_link_is_still_a_click(url: object, expected: object) -> None:
    properties = only_event({**CLICK, "url": url}).properties
    assert {key: properties[key] for key in ("url", "path") if key in properties} == expected


def test_custom_arguments_become_properties_but_never_replace_ours() -> None:
    item = {**CLICK, "category": "nurture", "tier": "gold", "step": 3, "path": "/mine", "campaign": "mine"}
    properties = only_event(item).properties
    assert properties == {
        "tier": "gold",
        "step": 3,
        "path": "/partners/mdf",
        "url": CLICK["url"],
        "campaign": "nurture",
        "categories": ["nurture"],
        "message": "14c5d75ce93.dfd",
    }


@pytest.mark.parametrize(
    ("fields", "key", "expected"),
    [
        (
            {"url": "https://v.example/a?e=pat%40reseller.example&b=1"},
            "url",
            "https://v.example/a?e=(address)&b=1",
        ),
        ({"url": "https://v.example/a?e=Pat@Reseller.example"}, "url", "https://v.example/a?e=(address)"),
        ({"cc": "boss@reseller.example"}, "cc", "(address)"),
        ({"reason": "550 <pat@reseller.example> unknown"}, "reason", "550 <(address)> unknown"),
    ],
)
def test_no_address_gets_into_the_properties(fields: dict[str, str], key: str, expected: str) -> None:
    assert only_event({**CLICK, **fields}).properties[key] == expected


def test_nothing_else_of_the_reader_gets_into_the_properties() -> None:
    assert only_event(OPEN).properties == {"message": "14c5d75ce93.dfd"}


@pytest.mark.parametrize(
    ("fields", "partner"),
    [
        ({"partner_id": "p-77"}, "p-77"),
        ({"partner_id": " p-77 "}, "p-77"),
        ({"partner_id": 77}, "77"),
        ({"partner_id": ""}, None),
        ({"partner_id": True}, None),
        ({"partner_id": ["p-77"]}, None),
        ({}, None),
    ],
)
def test_the_partner_comes_from_the_custom_argument(fields: dict[str, object], partner: str | None) -> None:
    event = only_event({**OPEN, **fields})
    assert (event.partner, event.contact) == (partner, "pat@reseller.example")
    assert "partner_id" not in event.properties


def test_the_custom_argument_has_the_name_that_is_set() -> None:
    event = only_event({**OPEN, "partner_id": "other", "crm": "p-77"}, {"partner_argument": "crm"})
    assert (event.partner, event.properties["partner_id"]) == ("p-77", "other")


@pytest.mark.parametrize("timestamp", [1763000900, "1763000900", 1763000900.0, "1763000900.0"])
def test_a_timestamp_may_be_typed_loosely(timestamp: object) -> None:
    assert only_event({**OPEN, "timestamp": timestamp}).occurred_at == datetime(
        2025, 11, 13, 2, 28, 20, tzinfo=UTC
    )


@pytest.mark.parametrize(
    "timestamp",
    [1763000900000, 0, -1, 10**30, True, "yesterday", None, float("nan"), float("inf"), [1763000900]],
    ids=repr,
)
def test_an_absurd_timestamp_refuses_only_its_item(timestamp: object) -> None:
    assert "`timestamp` must be in seconds" in only_reason({**OPEN, "timestamp": timestamp})


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ("open", "not an object"),
        (None, "not an object"),
        ({**OPEN, "event": None}, "`event` is missing"),
        ({**OPEN, "event": ["open"]}, "`event` is missing"),
        ({**OPEN, "event": "teleported"}, "none that SendGrid documents"),
        ({**OPEN, "sg_event_id": None}, "`sg_event_id` is missing"),
        ({**OPEN, "sg_event_id": 7}, "`id`"),
        ({**OPEN, "sg_event_id": "x" * 256}, "`id`"),
        ({**OPEN, "email": None}, "one of partner and contact"),
        ({**OPEN, "email": {"a": 1}}, "`contact`"),
        ({**OPEN, "note": "nul \x00"}, "`properties` must not contain a NUL"),
        ({**OPEN, "note": "\ud83d"}, "`properties` must not contain a lone surrogate"),
        ({**OPEN, "email": "\ud83d@x.example"}, "`contact`"),
        ({**OPEN, "note": float("nan")}, "`properties` must contain finite numbers"),
        ({**OPEN, "note": 2**53}, "`properties` must not contain a whole number beyond"),
        ({**OPEN, "note": "x" * 70_000}, "`properties` must not be over"),
    ],
)
def test_a_bad_item_is_refused_alone_and_says_why(item: object, reason: str) -> None:
    assert reason in only_reason(item)


def test_a_stray_byte_refuses_only_its_item() -> None:
    body = batch(OPEN, {**OPEN, "sg_event_id": "ev-2", "note": "?"}).replace(b"?", b"\xff")
    translation = translate(body)
    assert ([event.id for event in translation.events], len(translation.refused)) == (["ev-1"], 1)


def test_a_refused_item_is_kept_as_it_came() -> None:
    item = {**OPEN, "event": "teleported"}
    assert translate(batch(item)).refused[0].item == item


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b'"open"', b"[", b"not json", b"[" * 100_000])
def test_a_body_that_is_no_json_array_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        translate(body)


def test_an_empty_batch_is_fine() -> None:
    assert translate(b"[]\r\n") == Translation([])


def test_a_long_text_is_searched_for_addresses_in_linear_time() -> None:
    assert only_event({**OPEN, "note": "a." * 30_000}).properties["note"] == "a." * 30_000
