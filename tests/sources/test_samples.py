"""Every sample of a platform becomes the events that are expected of it."""

from datetime import datetime
from typing import Any

import pytest

from app.sources.adapter import Reply, Translation
from app.sources.attending import attendance
from app.sources.event import NewEvent
from app.sources.registry import ADAPTERS, PLACES
from tests.sources.samples import DATA, Json, request, sample, translate

KINDS = ("cloudevents", "hubspot", "mailgun", "mautic", "segment", "ses", "zoom")
SAMPLES = [
    (kind, path.stem)
    for kind in KINDS
    for path in sorted((DATA / kind).glob("*.json"))
    if path.stem != "vectors"
]
EVENTS = [
    (kind, name)
    for kind, name in SAMPLES
    if not any("respond" in each for each in sample(kind, name)["_meta"]["expected_events"])
]


def events_of(translation: Translation) -> list[NewEvent]:
    """With what becomes an event only when it is put together."""
    return [*translation.events, *(attendance([fragment]) for fragment in translation.fragments)]


def asserted(expected: Json) -> dict[str, Any]:
    """What a sample says of an event in our words; a user's id is how the person is introduced, or called."""
    known = {name: value for name, value in expected.items() if name not in {"user_id", "type"}}
    if "occurred_at" in known:
        known["occurred_at"] = datetime.fromisoformat(known["occurred_at"])
    if "user_id" in expected and "contact" not in expected:
        known["contact"] = expected["user_id"]
    return known | {"type": expected["type"]}


def test_there_are_samples_of_every_kind() -> None:
    assert {kind for kind, _ in SAMPLES} | {"sendgrid"} == set(PLACES)


@pytest.mark.parametrize(("kind", "name"), EVENTS)
def test_a_sample_becomes_what_is_expected(kind: str, name: str) -> None:
    document = sample(kind, name)
    expected = [each for each in document["_meta"]["expected_events"] if each["type"] != "ignored"]
    translation = translate(kind, request(document))
    events = events_of(translation)
    assert translation.refused == []
    assert [
        event.model_dump(include=set(asserted(each))) for event, each in zip(events, expected, strict=True)
    ] == [asserted(each) for each in expected]
    assert translation.ignored == len(document["_meta"]["expected_events"]) - len(expected)


@pytest.mark.parametrize(("kind", "name"), EVENTS)
def test_who_is_called_by_two_names_is_introduced(kind: str, name: str) -> None:
    document = sample(kind, name)
    people = {
        (each["user_id"], each["contact"])
        for each in document["_meta"]["expected_events"]
        if "user_id" in each and "contact" in each
    }
    introduced = {(one.contact, one.email) for one in translate(kind, request(document)).introductions}
    assert people <= introduced


@pytest.mark.parametrize("kind", KINDS)
def test_only_a_handshake_gets_an_answer_of_its_own(kind: str) -> None:
    for each, name in EVENTS:
        if each == kind:
            assert ADAPTERS[kind].handshake(request(sample(kind, name)), ["secret"]) is None


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("cloudevents", 202),
        ("hubspot", 200),
        ("mailgun", 200),
        ("mautic", 200),
        ("segment", 200),
        ("sendgrid", 200),
        ("ses", 200),
        ("zoom", 200),
    ],
)
def test_what_a_platform_hears_is_success(kind: str, status: int) -> None:
    taken = ADAPTERS[kind].taken
    assert (taken.status, taken.visit) == (status, None)


@pytest.mark.parametrize(
    ("kind", "status"),
    [("mailgun", 406), ("segment", 400), ("cloudevents", 400), ("sendgrid", 200), ("mautic", 200)],
)
def test_what_a_platform_hears_when_nothing_can_be_read(kind: str, status: int) -> None:
    unreadable: Reply = ADAPTERS[kind].unreadable
    assert unreadable.status == status
