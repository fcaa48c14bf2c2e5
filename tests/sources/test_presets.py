"""Presets turn the samples of their platforms into what is expected of them."""

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from app.errors import Malformed
from app.sources.adapter import Incoming, Translation
from app.sources.mapping.adapter import MappingAdapter
from app.sources.mapping.reading import read_mapping
from app.sources.presets import preset
from app.sources.registry import ADAPTERS, PRESETS
from app.sources.vocabulary import TYPES

DATA = Path(__file__).parents[1] / "data"
RECEIVED_AT = datetime(2026, 11, 21, tzinfo=UTC)
SAMPLES = {
    f"{kind}/{path.stem}": (kind, json.loads(path.read_text()))
    for kind in sorted(PRESETS)
    for path in sorted((DATA / kind).glob("*.json"))
}


def body_of(sample: Mapping[str, Any]) -> bytes:
    as_form = sample["request"]["body_encoding"] == "form"
    return urlencode(sample["body"]).encode() if as_form else json.dumps(sample["body"]).encode()


def translated(kind: str, body: bytes, settings: Mapping[str, Any] | None = None) -> Translation:
    return preset(kind).translate(Incoming({}, body, {}), settings or {}, received_at=RECEIVED_AT)


def brevo(**changes: object) -> dict[str, Any]:
    return {**SAMPLES["brevo/click"][1]["body"], **changes}


def of(sample: str, **changes: object) -> bytes:
    return body_of({**SAMPLES[sample][1], "body": {**SAMPLES[sample][1]["body"], **changes}})


def types(kind: str, body: bytes) -> list[str]:
    return [event.type for event in translated(kind, body).events]


def test_every_preset_has_a_sample() -> None:
    assert {kind for kind, _ in SAMPLES.values()} == PRESETS


@pytest.mark.parametrize("name", [name for name in SAMPLES if "verification" not in name])
def test_a_sample_becomes_what_is_expected(name: str) -> None:
    kind, sample = SAMPLES[name]
    translation = translated(kind, body_of(sample))
    known = {each.contact for each in translation.introductions}
    events = [event.model_dump(mode="json") for event in translation.events]
    wanted = sample["_meta"]["expected_events"]
    assert translation.refused == []
    assert len(events) == len(wanted)
    for event, proposal in zip(events, wanted, strict=True):
        expected = dict(proposal)
        assert expected.pop("user_id", None) in {*known, None}
        at = datetime.fromisoformat(expected.pop("occurred_at"))
        assert datetime.fromisoformat(event["occurred_at"]) == at
        assert {key: event[key] for key in expected} == expected


@pytest.mark.parametrize("name", SAMPLES)
def test_a_request_that_is_repeated_has_the_same_ids_and_content(name: str) -> None:
    kind, sample = SAMPLES[name]
    once, again = (translated(kind, body_of(sample)).events for _ in range(2))
    assert [(event.id, event.digest()) for event in once] == [(event.id, event.digest()) for event in again]


@pytest.mark.parametrize("kind", sorted(PRESETS))
def test_a_preset_uses_the_vocabulary(kind: str) -> None:
    written = preset(kind).document.type
    named = {written} if isinstance(written, str) else {*written.table.values()}
    assert named - {"ignored", "refused"} <= TYPES


@pytest.mark.parametrize("kind", sorted(PRESETS))
def test_a_preset_is_an_adapter_like_any_other(kind: str) -> None:
    assert ADAPTERS[kind].kind == kind


def test_what_nobody_has_seen_is_said_in_the_steps() -> None:
    assert any("Not yet seen in a real account" in step for step in ADAPTERS["livestorm"].steps("https://x"))


def test_asking_for_the_registry_reads_no_preset() -> None:
    code = "import sys, app.sources.registry; sys.exit('app.sources.mapping.adapter' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("sample", "changes", "expected"),
    [
        ("postmark/open", {"RecordType": "Click", "OriginalLink": "https://v.example/a"}, ["email.clicked"]),
        ("postmark/bounce_hard", {"Type": "SoftBounce"}, []),
        ("postmark/bounce_hard", {"Type": "Transient"}, []),
        (
            "postmark/bounce_hard",
            {"RecordType": "SubscriptionChange", "Type": None, "SuppressSending": True,
             "SuppressionReason": "ManualSuppression"},
            ["email.unsubscribed"],
        ),
        (
            "postmark/bounce_hard",
            {"RecordType": "SubscriptionChange", "Type": None, "SuppressSending": True,
             "SuppressionReason": "HardBounce"},
            [],
        ),
        (
            "postmark/bounce_hard",
            {"RecordType": "SubscriptionChange", "Type": None, "SuppressSending": False,
             "SuppressionReason": None},
            ["email.resubscribed"],
        ),
        ("brevo/click", {"event": "soft_bounce"}, []),
        ("brevo/click", {"event": "hard_bounce"}, ["email.bounced"]),
        ("customerio/email_opened", {"metric": "clicked"}, ["email.clicked"]),
        ("customerio/email_opened", {"metric": "converted"}, []),
        ("customerio/email_opened", {"object_type": "sms"}, []),
        ("calendly/invitee_created", {"event": "invitee.canceled"}, ["meeting.cancelled"]),
        ("activecampaign/open", {"type": "forward"}, []),
        ("activecampaign/open", {"type": "bounce", "bounce[type]": "soft"}, []),
        ("activecampaign/open", {"type": "bounce", "bounce[type]": "hard"}, ["email.bounced"]),
        ("activecampaign/open", {"type": "deal_add", "deal[id]": "9"}, ["deal.registered"]),
        ("mailchimp/cleaned", {"data[reason]": "abuse"}, ["email.complained"]),
        ("mailchimp/unsubscribe", {"type": "profile"}, []),
        ("gotowebinar/registrant_added", {"eventName": "webinar.created"}, []),
    ],
)  # fmt: skip
def test_what_the_platform_calls_it_decides(
    sample: str, changes: dict[str, object], expected: list[str]
) -> None:
    assert types(SAMPLES[sample][0], of(sample, **changes)) == expected


@pytest.mark.parametrize(
    "changes", [{"event": "invitee.canceled", "rescheduled": True}, {"old_invitee": "https://..."}]
)
def test_putting_a_meeting_off_neither_books_nor_cancels_one(changes: dict[str, object]) -> None:
    payload = {**SAMPLES["calendly/invitee_created"][1]["body"]["payload"], **changes}
    event = changes.get("event", "invitee.created")
    assert types("calendly", of("calendly/invitee_created", event=event, payload=payload)) == []


def test_calendlys_older_form_tells_the_contact_elsewhere() -> None:
    payload = {"invitee": {"uuid": "INV4", "email": "jo@reseller.example"}}
    (event,) = translated("calendly", of("calendly/invitee_created", payload=payload)).events
    assert (event.contact, event.id) == ("jo@reseller.example", '["invitee.created","INV4"]')


PARTS = ("decode", "items", "occurred_at", "partner", "verdict", "introduces", "properties")
WRITTEN = {
    kind: preset(kind).document.model_dump(mode="json", exclude_unset=True) for kind in sorted(PRESETS)
}


@pytest.mark.parametrize(
    ("kind", "part"), [(kind, part) for kind, written in WRITTEN.items() for part in PARTS if part in written]
)
def test_without_any_part_of_a_preset_a_sample_is_lost(kind: str, part: str) -> None:
    without = {name: value for name, value in WRITTEN[kind].items() if name != part}
    less = MappingAdapter(read_mapping(without), kind)
    requests = [Incoming({}, body_of(sample), {}) for of, sample in SAMPLES.values() if of == kind]
    assert any(outcome(less, request) != outcome(preset(kind), request) for request in requests)


def outcome(source: MappingAdapter, request: Incoming) -> Translation | None:
    try:
        return source.translate(request, {}, received_at=RECEIVED_AT)
    except Malformed:
        return None


def test_brevos_two_names_for_one_opening_are_one_event() -> None:
    bodies = [json.dumps(brevo(event=name, link=None)).encode() for name in ("opened", "unique_opened")]
    assert len({event.id for body in bodies for event in translated("brevo", body).events}) == 1


def test_a_batch_of_brevos_is_a_list() -> None:
    body = json.dumps([brevo(), brevo(event="unsubscribe")]).encode()
    assert types("brevo", body) == ["email.clicked", "email.unsubscribed"]


def test_a_message_is_told_from_others_though_its_id_looks_like_an_address() -> None:
    (event,) = translated("brevo", json.dumps(brevo()).encode()).events
    assert event.properties["message"] == "<202511130210.27287306012"


def test_a_changed_address_is_another_name_of_the_same_person() -> None:
    fields = {
        "type": "upemail",
        "fired_at": "2025-11-13 02:13:50",
        "data[old_email]": "pat@old.example",
        "data[new_email]": "pat@new.example",
    }
    translation = translated("mailchimp", urlencode(fields).encode())
    (introduction,) = translation.introductions
    assert (introduction.contact, introduction.aliases) == ("pat@old.example", ("pat@new.example",))
    assert (translation.events, translation.ignored) == ([], 1)


def test_a_merge_field_teaches_whose_the_contact_is() -> None:
    _, sample = SAMPLES["mailchimp/unsubscribe"]
    (introduction,) = translated("mailchimp", body_of(sample)).introductions
    assert (introduction.contact, introduction.partner) == ("pat.doe@reseller-one.example.com", "p-77")


def test_the_source_says_where_its_own_partner_ids_are() -> None:
    body = of("postmark/bounce_hard", Metadata={"partner_id": "p-77", "account": "p-78"})
    (event,) = translated("postmark", body, {"partner": [{"path": "Metadata.account"}]}).events
    assert event.partner == "p-78"


@pytest.mark.parametrize("sample", ["mandrill/open_click_batch", "brevo/click", "marketing-cloud/email_open"])
@pytest.mark.parametrize(
    "bad", [None, 7, "x", [], {}, {"ts": 1, "event": "open"}, {"event": ["open"]}], ids=repr
)
def test_a_malformed_item_harms_no_neighbour(sample: str, bad: object) -> None:
    kind, known = SAMPLES[sample]
    as_form = kind == "mandrill"
    body = json.loads(known["body"]["mandrill_events"]) if as_form else known["body"]
    items = body if isinstance(body, list) else [body]
    batch = json.dumps([bad, *items, bad])
    translation = translated(
        kind, urlencode({"mandrill_events": batch}).encode() if as_form else batch.encode()
    )
    assert len(translation.events) == len(items)
    assert len(translation.refused) + translation.ignored == 2


def test_what_livestorm_sends_in_another_shape_is_kept_for_a_person() -> None:
    (refused,) = translated("livestorm", b'{"data": {"id": "1", "type": "people"}}').refused
    assert "no type that the mapping knows" in refused.reason


def test_marketos_template_needs_no_id_of_its_own() -> None:
    _, sample = SAMPLES["marketo/webhook_template"]
    body = {key: value for key, value in sample["body"].items() if key != "id"}
    (event,) = translated("marketo", json.dumps(body).encode()).events
    assert event.id == '["email_clicked","26","2025-11-13T02:13:50Z","https://www.example.com/mdf"]'


def test_a_time_that_marketo_writes_its_own_way_is_the_time_of_receipt() -> None:
    body = of("marketo/webhook_template", time="2025-11-13 02:13:50 MST")
    (event,) = translated("marketo", body).events
    assert event.occurred_at is None


def test_the_callback_to_verify_is_kept_for_a_person_to_read() -> None:
    kind, sample = SAMPLES["marketing-cloud/callback_verification"]
    (refused,) = translated(kind, body_of(sample)).refused
    assert "ens-verify" in refused.reason
    assert "callbackId cb-1 and the verificationKey vk-1" in refused.reason
