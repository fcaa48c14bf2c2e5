"""Mautic's lists of items become events; who they are about is found in any of four places."""

from typing import Any

import pytest

from app.errors import Malformed
from app.sources.adapter import Incoming, Introduction
from app.sources.event import NewEvent
from tests.sources.samples import Json, posted, sample, translate

BATCH: Json = sample("mautic", "queued_mixed_batch")["body"]
(OPEN,) = BATCH["mautic.email_on_open"]
(VIEW,) = BATCH["mautic.page_on_hit"]
(FORM,) = BATCH["mautic.form_on_submit"]
(CHANGE,) = sample("mautic", "lead_channel_subscription_changed")["body"][
    "mautic.lead_channel_subscription_changed"
]
PERSON = OPEN["stat"]["lead"]


def only_event(name: str, item: Json) -> NewEvent:
    (event,) = translate("mautic", posted({f"mautic.{name}": [item]})).events
    return event


def opened(**fields: Any) -> Json:
    return {**OPEN, "stat": OPEN["stat"] | fields}


def viewed(**fields: Any) -> Json:
    return {**VIEW, "hit": VIEW["hit"] | fields}


def test_one_item_may_stand_without_a_list() -> None:
    assert translate("mautic", posted({"mautic.email_on_open": OPEN})).events == [
        only_event("email_on_open", OPEN)
    ]


@pytest.mark.parametrize(
    "fields", [{}, [], {"core": []}, {"core": {"email": None, "partner_id": {"value": ""}}}, None]
)
def test_without_fields_the_number_says_who_it_is(fields: object) -> None:
    event = only_event("page_on_hit", viewed(lead={"id": 26, "fields": fields}))
    assert (event.contact, event.partner) == ("mautic:26", None)


@pytest.mark.parametrize("group", ["social", "personal", "professional", "custom"])
def test_a_field_may_be_in_any_group(group: str) -> None:
    fields = {"core": [], group: {"partner_id": {"value": "p-1"}}}
    assert only_event("page_on_hit", viewed(lead={"id": 26, "fields": fields})).partner == "p-1"


def test_a_field_may_be_bare() -> None:
    fields = {"all": {"email": "jo@acme.example", "partner_id": 7}}
    event = only_event("page_on_hit", viewed(lead={"id": 26, "fields": fields}))
    assert (event.contact, event.partner) == ("jo@acme.example", "7")


@pytest.mark.parametrize(
    "item",
    [
        {"stat": {"id": 8, "lead": PERSON}, "timestamp": "2025-11-13T02:13:51+00:00"},
        {"stat": {"id": 8}, "lead": PERSON, "timestamp": "2025-11-13T02:13:51+00:00"},
        {"stat": {"id": 8}, "contact": PERSON, "timestamp": "2025-11-13T02:13:51+00:00"},
        {
            "stat": {"id": 8, "emailAddress": "pat.doe@reseller-one.example.com"},
            "timestamp": "2025-11-13T02:13:51+00:00",
        },
    ],
)
def test_the_person_is_in_one_of_four_places(item: Json) -> None:
    assert only_event("email_on_open", item).contact == "pat.doe@reseller-one.example.com"


def test_a_partner_may_be_in_any_field_that_is_set() -> None:
    translation = translate("mautic", posted(BATCH), {"partner": [{"path": "company"}]})
    assert {event.partner for event in translation.events} == {"Reseller One"}


def test_the_person_is_introduced() -> None:
    translation = translate("mautic", posted({"mautic.lead_post_save_update": [{"lead": PERSON}]}))
    assert (translation.events, translation.ignored) == ([], 1)
    assert translation.introductions == [
        Introduction("mautic:26", email="pat.doe@reseller-one.example.com", partner="p-77")
    ]


def test_a_second_open_is_another_event() -> None:
    assert only_event("email_on_open", opened(openCount=2)).id == "email_on_open|8|2"


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"lastOpened": None}, "2025-11-13T02:13:50+00:00"),
        ({"lastOpened": None, "dateRead": None}, "2025-11-13T02:13:51+00:00"),
    ],
)
def test_an_open_has_the_best_time_there_is(fields: Json, at: str) -> None:
    occurred_at = only_event("email_on_open", opened(**fields)).occurred_at
    assert occurred_at is not None
    assert occurred_at.isoformat() == at


def test_a_page_that_no_mail_led_to_is_viewed() -> None:
    event = only_event("page_on_hit", viewed(source="", urlTitle="MDF"))
    assert (event.type, event.properties) == (
        "page.viewed",
        {"url": "https://www.example.com/mdf", "path": "/mdf", "title": "MDF"},
    )


def test_a_click_and_an_open_name_the_same_message() -> None:
    click, open_ = only_event("page_on_hit", VIEW), only_event("email_on_open", OPEN)
    assert click.properties["message"] == open_.properties["message"] == "5"
    assert open_.properties["campaign"] == "Q3 nurture"


def test_a_form_says_which() -> None:
    assert only_event("form_on_submit", FORM).properties == {
        "form": "mdfrequest",
        "title": "MDF request",
        "url": "https://www.example.com/mdf",
        "path": "/mdf",
    }


def test_a_machine_that_names_itself_is_one() -> None:
    assert only_event("page_on_hit", viewed(userAgent="python-requests/2.31")).verdict == "machine"


@pytest.mark.parametrize(
    ("channel", "status", "types"),
    [
        ("email", "unsubscribed", ["email.unsubscribed"]),
        ("email", "bounced", ["email.bounced"]),
        ("email", "contactable", ["email.resubscribed"]),
        ("email", "manual", []),
        ("email", None, []),
        ("sms", "unsubscribed", []),
    ],
)
def test_a_changed_subscription_has_its_type(channel: str, status: object, types: list[str]) -> None:
    item = CHANGE | {"channel": channel, "new_status": status}
    translation = translate("mautic", posted({"mautic.lead_channel_subscription_changed": [item]}))
    assert [event.type for event in translation.events] == types


@pytest.mark.parametrize(
    ("name", "item", "reason"),
    [
        ("email_on_open", 7, "not an object"),
        ("email_on_open", {}, "`id` is missing"),
        ("email_on_open", opened(id=None), "`id` is missing"),
        ("email_on_open", opened(lastOpened="soon"), "`lastOpened`"),
        ("page_on_hit", viewed(dateHit="2025-11-13T02:14:06"), "`dateHit`"),
        ("form_on_submit", {"submission": {"id": 1}}, "`dateSubmitted`"),
        ("page_on_hit", viewed(lead={}), "one of partner and contact"),
        ("page_on_hit", viewed(url="\x00"), "NUL"),
    ],
)
def test_a_bad_item_is_refused_alone_and_says_why(name: str, item: object, reason: str) -> None:
    body = {f"mautic.{name}": [item], "mautic.lead_channel_subscription_changed": [CHANGE]}
    translation = translate("mautic", posted(body))
    assert [event.type for event in translation.events] == ["email.unsubscribed"]
    (refused,) = translation.refused
    assert reason in refused.reason
    assert refused.item == {f"mautic.{name}": item}


def test_what_is_not_mautics_is_passed_over() -> None:
    assert translate("mautic", posted({"timestamp": "x", "mautic.unknown": [{}]})).ignored == 1


@pytest.mark.parametrize("body", [b"", b"[]", b"mautic"])
def test_a_body_that_is_no_object_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        translate("mautic", Incoming({}, body, {}))
