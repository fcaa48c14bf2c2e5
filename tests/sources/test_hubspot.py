"""HubSpot's notifications and workflow webhooks become events, and teach whose ids they name."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from app.errors import Invalid, Malformed
from app.sources.adapter import Incoming, Introduction, checked_settings
from app.sources.event import NewEvent
from app.sources.registry import ADAPTERS
from tests.sources.samples import RECEIVED_AT, Json, posted, sample, translate

HUBSPOT = ADAPTERS["hubspot"]
OPENED, DEAL, FORGET = sample("hubspot", "app_webhook_batch")["body"]
WORKFLOW: Json = {"objectId": 1246965, "email": "jo@acme.example", "budget": "5000"}


def only_reason(item: object) -> str:
    translation = translate("hubspot", posted([OPENED, item, DEAL]))
    assert [event.type for event in translation.events] == ["email.opened", "deal.registered"]
    (refused,) = translation.refused
    return refused.reason


def from_workflow(settings: Json | None = None, *, action: str = "form.submitted", **fields: Any) -> NewEvent:
    incoming = posted(WORKFLOW | fields, query={"action": action} if action else {})
    (event,) = translate("hubspot", incoming, settings).events
    return event


@pytest.mark.parametrize(
    ("name", "type_"),
    [
        ("hs_email_last_open_date", "email.opened"),
        ("hs_email_last_click_date", "email.clicked"),
        ("recent_conversion_date", "form.submitted"),
        ("webinar_date", "webinar.attended"),
    ],
)
def test_a_changed_property_may_be_an_act(name: str, type_: str) -> None:
    settings = {"properties": {"webinar_date": "webinar.attended"}}
    (event,) = translate("hubspot", posted([OPENED | {"propertyName": name}]), settings).events
    assert (event.type, event.contact) == (type_, "hubspot:contact:1246965")


@pytest.mark.parametrize(
    "fields",
    [
        {"propertyName": "hs_lead_status"},
        {"propertyName": None},
        {"propertyValue": ""},
        {"subscriptionType": "contact.creation"},
        {"subscriptionType": "contact.deletion"},
        {"subscriptionType": "deal.propertyChange"},
        {"subscriptionType": "company.creation"},
    ],
)
def test_what_is_no_act_of_a_partner_is_ignored(fields: Json) -> None:
    assert translate("hubspot", posted([OPENED | fields])).ignored == 1


def test_a_property_of_ours_may_be_set_to_mean_nothing() -> None:
    settings = {"properties": {"hs_email_last_open_date": None}}
    assert translate("hubspot", posted([OPENED]), settings).ignored == 1


@pytest.mark.parametrize(
    ("name", "value", "known"),
    [
        ("email", "jo@acme.example", Introduction("hubspot:contact:1246965", email="jo@acme.example")),
        ("partner_id", "p-1", Introduction("hubspot:contact:1246965", partner="p-1")),
        ("associatedcompanyid", "8899001", Introduction("hubspot:contact:1246965", partner="8899001")),
    ],
)
def test_an_address_or_a_company_is_learnt(name: str, value: str, known: Introduction) -> None:
    translation = translate("hubspot", posted([OPENED | {"propertyName": name, "propertyValue": value}]))
    assert translation.introductions == [known]
    assert translation.ignored == 1


def test_who_is_to_be_forgotten_is_named() -> None:
    assert translate("hubspot", posted([FORGET])).erasures == ["hubspot:contact:1246966"]


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (7, "not an object"),
        ({}, "`subscriptionType`"),
        (OPENED | {"eventId": None}, "`eventId`"),
        (OPENED | {"objectId": None}, "`objectId`"),
        (OPENED | {"occurredAt": 1763000030}, "`occurredAt` must be in milliseconds"),
        (OPENED | {"objectId": "x" * 300}, "`contact`"),
    ],
)
def test_a_bad_notification_is_refused_alone_and_says_why(item: object, reason: str) -> None:
    assert reason in only_reason(item)


@pytest.mark.parametrize(
    ("action", "type_"),
    [
        ("form.submitted", "form.submitted"),
        ("form_submitted", "form.submitted"),
        ("webinar_no_show", "webinar.no_show"),
        ("mdf_requested", "mdf_requested"),
    ],
)
def test_a_workflow_says_the_act_in_the_url(action: str, type_: str) -> None:
    assert from_workflow(action=action).type == type_


def test_or_in_the_body() -> None:
    (event,) = translate("hubspot", posted(WORKFLOW | {"action": "deal_registered"})).events
    assert event.type == "deal.registered"


@pytest.mark.parametrize("action", ["", "Form Submitted", "score.adjusted"])
def test_another_act_is_refused(action: str) -> None:
    incoming = posted(WORKFLOW, query={"action": action} if action else {})
    assert len(translate("hubspot", incoming).refused) == 1


@pytest.mark.parametrize(
    ("fields", "partner"),
    [
        ({"partner_id": "p-1", "associatedcompanyid": "9"}, "p-1"),
        ({"associatedcompanyid": 9}, "9"),
        ({}, None),
    ],
)
def test_the_partner_is_a_property(fields: Json, partner: str | None) -> None:
    assert from_workflow(**fields).partner == partner


def test_a_workflow_tells_whose_number_it_is() -> None:
    (introduction,) = translate("hubspot", posted(WORKFLOW, query={"action": "form.submitted"})).introductions
    assert introduction == Introduction("hubspot:contact:1246965", email="jo@acme.example")


def test_other_properties_are_told_without_addresses() -> None:
    assert from_workflow(note="from jo@acme.example").properties == {
        "budget": "5000",
        "note": "from (address)",
    }


def test_a_repeat_is_one_and_a_second_act_another() -> None:
    first, repeat, other = from_workflow(), from_workflow(), from_workflow(budget="7000")
    assert first.id == repeat.id != other.id
    assert "jo@acme" not in first.id


def test_the_same_on_another_day_is_a_second_act() -> None:
    settings = checked_settings(HUBSPOT, {})
    incoming = posted(WORKFLOW, query={"action": "form.submitted"})
    later = HUBSPOT.translate(incoming, settings, received_at=RECEIVED_AT + timedelta(days=1)).events
    assert later[0].id != from_workflow().id


@pytest.mark.parametrize("at", [1763000030000, "1763000030000", "2025-11-13T02:13:50Z"])
def test_a_time_in_the_body_tells_acts_apart(at: object) -> None:
    event = from_workflow(occurredAt=at)
    assert event.occurred_at == datetime.fromisoformat("2025-11-13T02:13:50Z")
    assert event.id == from_workflow(occurredAt=at, budget="other").id


@pytest.mark.parametrize("at", ["soon", "2025-11-13", [], 7])
def test_a_bad_time_is_refused(at: object) -> None:
    incoming = posted(WORKFLOW | {"occurredAt": at}, query={"action": "form.submitted"})
    assert "`occurredAt`" in translate("hubspot", incoming).refused[0].reason


@pytest.mark.parametrize("body", [b"", b"7", b"null", b"{"])
def test_a_body_that_is_neither_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        translate("hubspot", Incoming({}, body, {}))


def test_a_property_must_mean_a_type() -> None:
    with pytest.raises(Invalid):
        checked_settings(HUBSPOT, {"properties": {"x": "Not A Type"}})
