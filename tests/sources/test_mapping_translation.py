"""What a mapping can say: bodies, items, types, ids, times, partners, verdicts, introductions."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from app.errors import Malformed
from app.sources.adapter import Incoming, Introduction, Translation
from app.sources.mapping.decode import MOST_INFLATED, form_fields, nested
from app.sources.mapping.items import DEEPEST
from app.sources.reading import MOST_ITEMS
from tests.support.mappings import ITEM, RECEIVED_AT, adapter, incoming, only_event, only_reason, translated


def ids(translation: Translation) -> list[str]:
    return [event.id for event in translation.events]


def translated_from(request: Incoming, settings: dict[str, Any] | None = None, **parts: Any) -> Translation:
    return adapter(**parts).translate(request, settings or {}, received_at=RECEIVED_AT)


# ------------------------------------------------------------------------------------------------- bodies


@pytest.mark.parametrize("content_type", ["application/json", "text/plain; charset=UTF-8", "x/y", None])
def test_json_is_read_whatever_the_content_type(content_type: str | None) -> None:
    headers = {"content-type": content_type} if content_type else {}
    assert ids(translated_from(incoming(ITEM, headers))) == ["ev-1"]


def test_gzip_is_undone() -> None:
    request = incoming(gzip.compress(json.dumps(ITEM).encode()), {"content-encoding": "gzip"})
    assert ids(translated_from(request)) == ["ev-1"]


@pytest.mark.parametrize(
    "body",
    [b"", b"plain", gzip.compress(b"{}")[:-1], gzip.compress(b" " * (MOST_INFLATED + 1))],
    ids=["empty", "plain", "cut", "bomb"],
)
def test_broken_or_endless_gzip_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        translated_from(incoming(body, {"content-encoding": "gzip"}))


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("a=1&b=", {"a": "1", "b": ""}),
        ("contact[id]=26&contact[fields][x]=7", {"contact": {"id": "26", "fields": {"x": "7"}}}),
        ("tags[]=a&tags[]=b", {"tags": ["a", "b"]}),
        ("tags[0]=a&tags[1]=b", {"tags": ["a", "b"]}),
        ("tags[1]=a", {"tags": {"1": "a"}}),
        ("a=1&a=2", {"a": "2"}),
        ("a=1&a[b]=2", {"a": "1", "a[b]": "2"}),
        ("a[b]=2&a=1", {"a": "1"}),
        ("a[=1&]b=2&[c]=3&a[b]c=4", {"a[": "1", "]b": "2", "[c]": "3", "a[b]c": "4"}),
        ("a" + "[b]" * 40 + "=1", {"a" + "[b]" * 40: "1"}),
        ("a%5Bb%5D=%E2%82%AC+1", {"a": {"b": "€ 1"}}),
    ],
)
def test_a_forms_bracket_keys_are_nested_objects(form: str, expected: object) -> None:
    assert nested(form_fields(form.encode())) == expected


def test_a_form_of_too_many_fields_is_malformed() -> None:
    with pytest.raises(Malformed):
        translated_from(incoming(b"a=1&" * 3_000), decode="form")


def test_json_in_a_form_field_and_in_a_json_text() -> None:
    body = urlencode({"events": json.dumps([{**ITEM, "custom": '{"partner_id": "p-77"}'}])}).encode()
    parts = {"items": {"at": "parse_json(events)"}, "partner": "parse_json(custom).partner_id"}
    assert only_event(body, decode="form", **parts).partner == "p-77"


# -------------------------------------------------------------------------------------------------- items


def test_a_list_at_a_place_or_one_alone() -> None:
    items = {"at": "data"}
    assert ids(translated({"data": [ITEM, {**ITEM, "id": "ev-2"}]}, items=items)) == ["ev-1", "ev-2"]
    assert ids(translated({"data": ITEM}, items=items)) == ["ev-1"]
    assert ids(translated({"data": []}, items=items)) == []


def test_the_entries_of_an_object_by_their_key() -> None:
    body = {"opened": [ITEM, {**ITEM, "id": "ev-2"}], "clicked": {**ITEM, "id": "ev-3"}, "at": "2025"}
    table = {"opened": "email.opened", "clicked": "email.clicked"}
    translation = translated(body, items={"entries": "@"}, type={"of": "key()", "table": table})
    assert [(event.id, event.type) for event in translation.events] == [
        ("ev-1", "email.opened"), ("ev-2", "email.opened"), ("ev-3", "email.clicked"),
    ]  # fmt: skip
    assert translation.ignored == 1


def test_items_within_items_see_what_they_came_out_of() -> None:
    body = {
        "accounts": [
            {"partner": "p-1", "events": [ITEM]},
            {"partner": "p-2", "events": [{**ITEM, "id": "2"}]},
        ]
    }
    parts = {"items": {"at": "accounts", "each": "events"}, "partner": "outer().partner"}
    assert [event.partner for event in translated(body, **parts).events] == ["p-1", "p-2"]


def test_one_event_for_each_recipient() -> None:
    body = {"id": "m-1", "to": ["a@x.example", "b@x.example"]}
    translation = translated(body, items={"fan": "to"}, id=["id", "fan()"], contact="fan()")
    assert [(event.contact, event.id) for event in translation.events] == [
        ("a@x.example", '["m-1","a@x.example"]'), ("b@x.example", '["m-1","b@x.example"]'),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("items", "reason"),
    [
        ({"at": "nothing"}, "`nothing` gives nothing"),
        ({"entries": "list"}, "`list` gives no object"),
        ({"entries": "nothing"}, "`nothing` gives no object"),
        ({"at": "join(',', list)"}, "`join(',', list)`"),
    ],
)
def test_where_no_items_are_the_request_is_kept(items: dict[str, str], reason: str) -> None:
    assert reason in only_reason({"list": [1]}, items=items)


def test_an_outer_item_without_inner_ones_harms_no_neighbour() -> None:
    body = [{"events": [ITEM]}, {"event": []}, {"events": [{**ITEM, "id": "ev-2"}]}]
    translation = translated(body, items={"each": "events"})
    assert (ids(translation), len(translation.refused)) == (["ev-1", "ev-2"], 1)


def test_the_items_after_so_many_are_not_read() -> None:
    body = [{**ITEM, "id": str(n)} for n in range(MOST_ITEMS + 5)]
    translation = translated(body)
    (refused,) = translation.refused
    assert (len(translation.events), refused.item) == (MOST_ITEMS, body[MOST_ITEMS])
    assert "at most" in refused.reason


def test_an_item_nested_too_deeply_is_refused_alone() -> None:
    deep: object = 1
    for _ in range(DEEPEST):
        deep = [deep]
    translation = translated([ITEM, {**ITEM, "note": deep}])
    (refused,) = translation.refused
    assert (ids(translation), refused.reason) == (["ev-1"], f"the item is nested deeper than {DEEPEST}")


# -------------------------------------------------------------------------------------------------- types


def typed(item: dict[str, object], of: object, table: dict[str, str], **more: str) -> Translation:
    return translated({**ITEM, **item}, type={"of": of, "table": table, **more})


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"a": "x", "b": "y"}, ["t.exact"]),
        ({"a": "x", "b": "z"}, ["t.part"]),
        ({"a": "x"}, ["t.part"]),
        ({"a": "w", "b": 1}, ["t.number"]),
        ({"a": "w", "b": True}, ["t.flag"]),
        ({"a": "w", "b": "off"}, []),
        ({"a": "v", "b": "v"}, ["t.any"]),
        ({}, ["t.any"]),
    ],
)
def test_the_first_line_of_the_table_that_fits_counts(item: dict[str, object], expected: list[str]) -> None:
    table = {
        "x|y": "t.exact",
        "x|*": "t.part",
        "w|1": "t.number",
        "w|true": "t.flag",
        "*|off": "ignored",
        "*": "t.any",
    }
    assert [event.type for event in typed(item, ["a", "b"], table).events] == expected


def test_what_the_table_lacks_is_ignored_unless_it_says_refused() -> None:
    assert typed({"t": "b"}, "t", {"a": "t.a"}).ignored == 1
    (refused,) = typed({"t": "b"}, "t", {"a": "t.a"}, otherwise="refused").refused
    assert refused.reason == "'b' is no type that the mapping knows"


def test_a_name_may_have_the_separator_if_it_is_the_only_part() -> None:
    assert [event.type for event in typed({"t": "a|b"}, "t", {"a|b": "t.a"}).events] == ["t.a"]


def test_the_type_may_be_in_our_url() -> None:
    request = incoming(ITEM, query={"action": "form"})
    parts = {"type": {"of": "query().action", "table": {"form": "form.submitted"}}}
    assert [event.type for event in translated_from(request, **parts).events] == ["form.submitted"]


# ---------------------------------------------------------------------------------------------------- ids


@pytest.mark.parametrize(
    ("id_", "expected"), [("ev-1", "ev-1"), (" ev-1 ", "ev-1"), (8325357307900339981, "8325357307900339981")]
)
def test_the_platforms_own_id(id_: object, expected: str) -> None:
    assert only_event({**ITEM, "id": id_}).id == expected


@pytest.mark.parametrize("id_", [None, "", " ", [], {}, ["a", "b"], True, 1.5, "\x00", "\ud83d"])
def test_an_item_without_an_id_is_refused(id_: object) -> None:
    assert "`id`" in only_reason({**ITEM, "id": id_})


def test_a_composite_id_is_a_list_of_fixed_length() -> None:
    parts = {"id": ["a", "b || ''", "c"]}
    one = only_event({**ITEM, "a": "x|y", "c": 1}, **parts)
    other = only_event({**ITEM, "a": "x", "b": "y", "c": 1}, **parts)
    assert (one.id, other.id) == ('["x|y","",1]', '["x","y",1]')


def test_a_part_that_is_missing_refuses_the_item() -> None:
    reason = only_reason({**ITEM, "a": "x"}, id=["a", "b"])
    assert reason == "`b` gives nothing for `id`, so a repeat could not be told from a second event"


def test_only_an_id_that_is_too_long_is_hashed() -> None:
    fitting, over = ({**ITEM, "a": "x" * n, "b": 1} for n in (255 - len('["",1]'), 256 - len('["",1]')))
    parts = {"id": ["a", "b"]}
    assert len(only_event(fitting, **parts).id) == 255
    assert only_event(over, **parts).id.startswith("hash:")
    assert only_event(over, **parts).id != only_event({**over, "b": 2}, **parts).id


# -------------------------------------------------------------------------------------------------- times


@pytest.mark.parametrize(
    ("value", "moment", "expected"),
    [
        (1763000030, {"unit": "s"}, "2025-11-13T02:13:50+00:00"),
        ("1763000030", {"unit": "s"}, "2025-11-13T02:13:50+00:00"),
        (1763000030.25, {"unit": "s"}, "2025-11-13T02:13:50.250000+00:00"),
        (1763000030898, {"unit": "ms"}, "2025-11-13T02:13:50.898000+00:00"),
        ("2025-11-12T20:13:50-06:00", {}, "2025-11-13T02:13:50+00:00"),
        ("2025-11-12T20:13:50.3963933-06:00", {}, "2025-11-13T02:13:50.396393+00:00"),
        (" 2025-11-13T02:13:50Z ", {}, "2025-11-13T02:13:50+00:00"),
        ("2025-11-13 02:13:50", {"zone": "UTC"}, "2025-11-13T02:13:50+00:00"),
        ("2025-11-12 20:13:50", {"zone": "America/Chicago"}, "2025-11-13T02:13:50+00:00"),
        ("2025-11-12T20:13:50-06:00", {"zone": "Asia/Tokyo"}, "2025-11-13T02:13:50+00:00"),
    ],
)
def test_a_time_is_read_in_its_unit(value: object, moment: dict[str, str], expected: str) -> None:
    event = only_event({**ITEM, "at": value}, occurred_at={"at": "at", **moment})
    assert event.occurred_at == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    ("value", "moment", "reason"),
    [
        (1763000030000, {"unit": "s"}, "it looks like unit: ms"),
        (1763000030, {"unit": "ms"}, "it looks like unit: s"),
        ("1763000030", {}, "it looks like unit: s"),
        (10**30, {"unit": "s"}, "must be in seconds"),
        (-1, {"unit": "s"}, "must be in seconds"),
        (0, {"unit": "ms"}, "must be in milliseconds"),
        (True, {"unit": "s"}, "must be in seconds"),
        (float("nan"), {"unit": "s"}, "must be in seconds"),
        (float("inf"), {"unit": "ms"}, "must be in milliseconds"),
        ("yesterday", {}, "must be an ISO 8601 time with a zone (it is 'yesterday')"),
        ("2025-11-13 02:13:50", {}, "must be an ISO 8601 time with a zone"),
        ("0001-01-01T00:00:00+14:00", {}, "must be an ISO 8601 time with a zone"),
        ("0001-01-01T00:00:00", {"zone": "Asia/Tokyo"}, "must be an ISO 8601 time with a zone"),
        ({"a": 1}, {}, "must be an ISO 8601 time with a zone"),
        (None, {}, "`occurred_at` gives no time"),
        ("", {}, "`occurred_at` gives no time"),
    ],
    ids=repr,
)
def test_an_absurd_time_refuses_the_item_and_says_why(
    value: object, moment: dict[str, str], reason: str
) -> None:
    assert reason in only_reason({**ITEM, "at": value}, occurred_at={"at": "at", **moment})


def test_the_first_that_gives_a_time_counts_and_else_the_time_of_receipt() -> None:
    moments = [{"at": ["a", "b"], "unit": "ms"}, {"at": "c", "unit": "s"}, "received"]
    assert only_event({**ITEM, "c": 1763000030}, occurred_at=moments).occurred_at == datetime(
        2025, 11, 13, 2, 13, 50, tzinfo=UTC
    )
    assert only_event(ITEM, occurred_at=moments).occurred_at is None


@pytest.mark.parametrize(("minutes", "is_kept"), [(5, True), (6, False), (60 * 23, False)])
def test_what_is_a_little_ahead_of_our_clock_is_taken_for_now(minutes: int, *, is_kept: bool) -> None:
    at = RECEIVED_AT + timedelta(minutes=minutes)
    event = only_event({**ITEM, "at": at.isoformat()}, occurred_at={"at": "at"})
    assert event.occurred_at == (at if is_kept else None)


# ------------------------------------------------------------------------------------ contacts and partners


@pytest.mark.parametrize(
    ("item", "contact"),
    [
        ({"email": "pat@x.example", "uid": 26}, "pat@x.example"),
        ({"email": "", "uid": 26}, "26"),
        ({"email": ["pat@x.example"]}, "pat@x.example"),
        ({"email": []}, None),
    ],
)
def test_the_first_that_gives_a_text_is_the_contact(item: dict[str, object], contact: str | None) -> None:
    parts = {"contact": ["email", "uid"], "partner": '`"p-77"`'}
    assert only_event({"id": "1", **item}, **parts).contact == contact


@pytest.mark.parametrize("email", [{"a": 1}, ["a", "b"], True, 1.5], ids=repr)
def test_a_contact_that_is_no_text_refuses_the_item(email: object) -> None:
    assert "`contact` is neither a text" in only_reason({**ITEM, "email": email})


PARTNER: dict[str, Any] = {
    "partner": ["meta.partner", 'headers()."x-partner"', "query().p", "url_param(link, 'p')"],
    "link": "link",
}


@pytest.mark.parametrize(
    ("item", "headers", "query", "expected"),
    [
        ({"meta": {"partner": " p-1 "}}, {"x-partner": "p-2"}, {"p": "p-3"}, "p-1"),
        ({"meta": {"partner": 7}}, {}, {}, "7"),
        ({"meta": {"partner": {"id": 7}}}, {"x-partner": "p-2"}, {}, "p-2"),
        ({}, {"x-partner": "p-2"}, {"p": "p-3"}, "p-2"),
        ({}, {}, {"p": "p-3"}, "p-3"),
        ({"link": "https://v.example/?p=p-4&partner_id=p-6"}, {}, {}, "p-4"),
        ({"link": "https://v.example/?partner_id=p-6"}, {}, {"partner_id": "p-5"}, "p-5"),
        ({"link": "https://v.example/?partner_id=p-6"}, {}, {}, "p-6"),
        ({"link": "https://["}, {}, {}, None),
        ({}, {}, {}, None),
    ],
)
def test_the_first_that_says_the_partner_counts(
    item: dict[str, object], headers: dict[str, str], query: dict[str, str], expected: str | None
) -> None:
    (event,) = translated_from(incoming({**ITEM, **item}, headers, query), **PARTNER).events
    assert event.partner == expected


def test_what_the_source_is_set_to_goes_first() -> None:
    request = incoming({**ITEM, "meta": {"partner": "p-1", "crm": "p-9"}})
    (event,) = translated_from(request, {"partner": [{"path": "meta.crm"}]}, **PARTNER).events
    assert event.partner == "p-9"


# --------------------------------------------------------------------------------- verdicts and properties


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"is_proxy": True, "email": "jo@vendor.example"}, ("machine", "flagged")),
        ({"email": "jo@vendor.example"}, ("internal", "our own")),
        ({"is_proxy": False}, ("human", None)),
    ],
)
def test_the_first_doubt_that_holds_decides_the_verdict(item: dict[str, object], expected: object) -> None:
    doubts = [
        {"when": "is_proxy", "because": "flagged"},
        {"when": "ends_with(email, '@vendor.example')", "verdict": "internal", "because": "our own"},
    ]
    event = only_event({**ITEM, **item}, verdict=doubts)
    assert (event.verdict, event.verdict_reason) == expected


def test_a_known_machine_is_told_by_its_user_agent() -> None:
    event = only_event({**ITEM, "ua": "Barracuda Sentinel (EE)"}, user_agent="ua")
    assert (event.verdict, event.verdict_reason) == ("machine", "user agent of a machine: Barracuda")
    assert event.properties == {}


def test_properties_are_what_the_mapping_names() -> None:
    item = {
        **ITEM, "subject": "Hi pat@reseller.example", "tags": ["a"], "n": 0, "big": 2**60,
        "none": None, "empty": [], "link": "https://v.example/mdf?e=pat%40reseller.example", "secret": "s",
    }  # fmt: skip
    names = {name: name for name in ("subject", "tags", "n", "big", "none", "empty")}
    event = only_event(item, link="link", properties={**names, "either": ["absent", "n"]})
    assert event.properties == {
        "subject": "Hi (address)", "tags": ["a"], "n": 0, "big": str(2**60), "either": 0,
        "url": "https://v.example/mdf?e=(address)", "path": "/mdf",
    }  # fmt: skip


def test_a_property_that_is_missing_does_not_hide_the_links_own() -> None:
    event = only_event({**ITEM, "link": "https://v.example/a"}, link="link", properties={"url": "absent"})
    assert event.properties["url"] == "https://v.example/a"


# ------------------------------------------------------------------------------------------- introductions


def introduced(item: dict[str, object], *teachings: dict[str, Any]) -> list[Introduction]:
    return translated({**ITEM, **item}, introduces=list(teachings)).introductions


def test_an_item_teaches_names_and_partner() -> None:
    teaching: dict[str, Any] = {
        "contact": "join(':', ['acme', to_string(uid)])", "aliases": ["old"], "email": "email",
        "name": "name", "partner": "partner",
    }  # fmt: skip
    (introduction,) = introduced({"uid": 26, "old": "o-1", "name": "Pat Doe", "partner": "p-77"}, teaching)
    assert introduction == Introduction("acme:26", ("o-1",), "pat@reseller.example", "Pat Doe", "p-77")


@pytest.mark.parametrize(
    ("teaching", "count"),
    [
        ({"partner": "partner"}, 1),
        ({"partner": "absent"}, 0),
        ({"email": "email"}, 0),
        ({"contact": "absent", "partner": "partner"}, 0),
        ({"when": "absent", "partner": "partner"}, 0),
        ({"aliases": ["email", "absent"]}, 0),
    ],
)
def test_what_teaches_nothing_is_no_introduction(teaching: dict[str, object], count: int) -> None:
    assert len(introduced({"partner": "p-77"}, teaching)) == count


def test_an_ignored_item_may_still_teach() -> None:
    translation = translated(
        {**ITEM, "partner": "p-77"},
        type={"of": "absent", "table": {"x": "x"}},
        introduces=[{"partner": "partner"}],
    )
    assert (translation.events, translation.ignored, len(translation.introductions)) == ([], 1, 1)


def test_an_event_of_nobodys_is_refused() -> None:
    assert "one of partner and contact is required" in only_reason({"id": "1"})
