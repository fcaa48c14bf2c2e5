"""Zoom's registrations become events, and comings and goings the parts of one."""

import hashlib
import hmac
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.errors import Malformed
from app.sources.adapter import Incoming, Introduction
from app.sources.attending import Fragment, attendance
from app.sources.registry import ADAPTERS
from app.sources.zoom.signature import signer
from tests.sources.samples import Json, posted, request, sample, translate, vector

ZOOM = ADAPTERS["zoom"]
JOINED = sample("zoom", "webinar_participant_joined")["body"]
REGISTERED = sample("zoom", "webinar_registration_created")["body"]


def changed(body: Json, part: str, event: str | None = None, **fields: Any) -> Json:
    """The body with other fields of its participant or registrant; None leaves one out."""
    occasion = body["payload"]["object"]
    person = {name: value for name, value in (occasion[part] | fields).items() if value is not None}
    return {**body, "event": event or body["event"], "payload": {"object": occasion | {part: person}}}


def left(at: str, **fields: Any) -> Json:
    return changed(JOINED, "participant", "webinar.participant_left", join_time=None, leave_time=at, **fields)


def fragments(body: Json) -> list[Fragment]:
    return translate("zoom", posted(body)).fragments


def only_fragment(body: Json) -> Fragment:
    (fragment,) = fragments(body)
    return fragment


def test_the_challenge_is_answered_with_the_proof() -> None:
    known = vector("zoom", "zoom_url_validation")
    incoming = signed(request(sample("zoom", "endpoint_url_validation")), known["secret"])
    reply = ZOOM.handshake(incoming, ["another", known["secret"]])
    assert reply is not None
    assert (reply.status, reply.body) == (
        200,
        {"plainToken": known["plainToken"], "encryptedToken": known["encryptedToken"]},
    )


@pytest.mark.parametrize("payload", [None, {}, {"plainToken": 7}, []])
def test_a_challenge_without_a_token_has_no_answer(payload: object) -> None:
    incoming = signed(posted({"event": "endpoint.url_validation", "payload": payload}), "zoom-secret")
    assert ZOOM.handshake(incoming, ["zoom-secret"]) is None


def test_a_challenge_is_no_event() -> None:
    assert translate("zoom", request(sample("zoom", "endpoint_url_validation"))).ignored == 1


def signed(incoming: Incoming, secret: str) -> Incoming:
    """With the signature that its own check would find."""
    message = b"v0:1763000035:" + incoming.body
    signature = "v0=" + hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
    headers = {"x-zm-request-timestamp": "1763000035", "x-zm-signature": signature}
    return Incoming(headers, incoming.body, {})


def test_the_secret_that_signed_is_found() -> None:
    assert signer(signed(posted({}), "b"), ["a", "b"]) == "b"
    assert signer(posted({}), ["a"]) is None


def test_a_registration_introduces_the_registrant() -> None:
    assert translate("zoom", posted(REGISTERED)).introductions == [
        Introduction(
            "zoom:iFxeBPYun6SAiWUzBcEkX",
            email="pat.doe@reseller-one.example.com",
            name="Pat Doe",
            partner="p-77",
        )
    ]


@pytest.mark.parametrize(
    ("event", "type_"),
    [
        ("webinar.registration_created", "webinar.registered"),
        ("webinar.registration_cancelled", "webinar.cancelled"),
        ("meeting.registration_created", "meeting.registered"),
        ("meeting.registration_cancelled", "meeting.cancelled"),
    ],
)
def test_a_registration_has_its_type(event: str, type_: str) -> None:
    (made,) = translate("zoom", posted(REGISTERED | {"event": event})).events
    assert (made.type, made.id.split("|")[0]) == (type_, event)
    assert made.properties == {"title": "Partner enablement Q3", "number": "1234567890"}


@pytest.mark.parametrize(
    "event",
    [
        "webinar.registration_approved",
        "webinar.registration_denied",
        "webinar.started",
        "recording.completed",
    ],
)
def test_what_a_host_does_is_ignored(event: str) -> None:
    translation = translate("zoom", posted(REGISTERED | {"event": event}))
    assert (translation.events, translation.refused, translation.ignored) == ([], [], 1)


@pytest.mark.parametrize(
    "questions",
    [
        [{"title": "Company size", "value": "9"}, {"title": "partner_id", "value": "p-1"}],
        [7, {"value": "p-0"}, {"title": "Partner ID", "value": " p-1 "}],
    ],
)
def test_the_partner_is_the_answer_to_a_question(questions: list[object]) -> None:
    body = changed(REGISTERED, "registrant", custom_questions=questions)
    assert translate("zoom", posted(body)).events[0].partner == "p-1"


def test_the_partner_may_be_in_the_tracking_link() -> None:
    link = {"tracking_url": "https://v.example/register?partner_id=p-2"}
    body = changed(REGISTERED, "registrant", custom_questions="none", tracking_source=link)
    assert translate("zoom", posted(body)).events[0].partner == "p-2"


def test_the_question_may_be_set() -> None:
    body = changed(REGISTERED, "registrant", custom_questions=[{"title": "Your no. with us", "value": "p-3"}])
    settings = {"partner": [{"path": "questions.Your no. with us"}]}
    assert translate("zoom", posted(body), settings).events[0].partner == "p-3"


def test_a_number_is_the_same_as_text() -> None:
    (event,) = translate("zoom", posted(REGISTERED)).events
    assert only_fragment(JOINED).facts["properties"] == event.properties


def test_coming_and_going_share_a_key_and_no_address() -> None:
    came, went = only_fragment(JOINED), only_fragment(left("2025-11-13T02:55:50Z"))
    assert came.key == went.key == "webinar.attended|4444AAAiAAAAAiAiAiiAii==|abcdefghij0-klmnopq23456"
    assert attendance([came, went]).properties["minutes"] == 42


def test_somebody_without_an_account_is_known_by_a_hash_of_the_address() -> None:
    guest = {"registrant_id": None, "id": "", "participant_user_id": None}
    first = only_fragment(changed(JOINED, "participant", **guest))
    again = only_fragment(changed(JOINED, "participant", **guest, participant_uuid="other", user_id="other"))
    assert first.key == again.key
    assert "pat.doe" not in first.key


def test_a_long_name_leaves_room_for_what_makes_the_event() -> None:
    came = only_fragment(changed(JOINED, "participant", registrant_id="x" * 210))
    went = replace(came, part="left", at=came.at + timedelta(days=1))
    assert attendance([came, went]).properties["minutes"] == 24 * 60


def test_without_an_address_the_registration_says_who_it_is() -> None:
    fragment = only_fragment(changed(JOINED, "participant", email=""))
    assert attendance([fragment]).contact == "zoom:abcdefghij0-klmnopq23456"


def test_an_unknown_guest_is_ignored() -> None:
    nobody = {"email": "", "registrant_id": None, "id": None, "participant_user_id": None}
    translation = translate("zoom", posted(changed(JOINED, "participant", **nobody)))
    assert (translation.fragments, translation.refused, translation.ignored) == ([], [], 1)


def test_a_leaving_that_knows_the_coming_is_both() -> None:
    body = changed(left("2025-11-13T02:55:50Z"), "participant", join_time="2025-11-13T02:13:50Z")
    assert attendance(fragments(body)).properties["minutes"] == 42
    assert only_fragment(JOINED) in fragments(body)


def test_without_a_time_of_its_own_it_happened_when_it_was_told() -> None:
    fragment = only_fragment(changed(JOINED, "participant", join_time=None))
    assert fragment.at == datetime.fromisoformat("2025-11-13T02:13:50.572Z")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({}, "`event` is missing"),
        ({"event": 7}, "`event` is missing"),
        (REGISTERED | {"event_ts": None}, "`event_ts` must be in milliseconds"),
        (REGISTERED | {"event_ts": 1763000030}, "`event_ts` must be in milliseconds"),
        ({"event": "webinar.registration_created", "event_ts": 1763000030572}, "one of partner and contact"),
        (changed(JOINED, "participant", join_time="soon"), "`join_time`"),
        (changed(JOINED, "participant", email="x" * 300), "`contact`"),
    ],
)
def test_what_cannot_be_counted_is_refused_and_says_why(body: Json, reason: str) -> None:
    translation = translate("zoom", posted(body))
    assert (translation.events, translation.fragments, len(translation.refused)) == ([], [], 1)
    assert reason in translation.refused[0].reason


@pytest.mark.parametrize("body", [b"", b"[]", b"zoom"])
def test_a_body_that_is_no_object_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        translate("zoom", Incoming({}, body, {}))
    assert ZOOM.handshake(Incoming({}, body, {}), ["s"]) is None
