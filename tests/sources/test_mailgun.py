"""Mailgun's event-data becomes an event; legacy forms are told never to come again."""

from typing import Any
from urllib.parse import urlencode

import pytest

from app.errors import Malformed
from app.sources.adapter import Incoming
from app.sources.event import NewEvent
from app.sources.registry import ADAPTERS
from tests.sources.samples import RECEIVED_AT, Json, posted, sample, translate, vector

MAILGUN = ADAPTERS["mailgun"]
CLICK: Json = sample("mailgun", "clicked")["body"]["event-data"]
SIGNATURE = vector("mailgun", "mailgun")
SECRET = SIGNATURE["secret"]


def only_event(settings: Json | None = None, **fields: Any) -> NewEvent:
    (event,) = translate("mailgun", posted({"event-data": CLICK | fields}), settings).events
    return event


def form(content_type: str = "application/x-www-form-urlencoded", body: bytes | None = None) -> Incoming:
    fields = {name: SIGNATURE[name] for name in ("timestamp", "token", "signature")}
    return Incoming({"content-type": content_type}, urlencode(fields).encode() if body is None else body, {})


@pytest.mark.parametrize(
    ("name", "type_"),
    [
        ("delivered", "email.delivered"),
        ("opened", "email.opened"),
        ("clicked", "email.clicked"),
        ("complained", "email.complained"),
        ("unsubscribed", "email.unsubscribed"),
    ],
)
def test_an_event_has_its_type(name: str, type_: str) -> None:
    assert only_event(event=name).type == type_


@pytest.mark.parametrize(
    ("severity", "types"), [("permanent", ["email.bounced"]), ("temporary", []), (None, [])]
)
def test_only_a_permanent_failure_is_a_bounce(severity: str | None, types: list[str]) -> None:
    status = {"code": 550, "message": "no mailbox <pat@x.example>"}
    fields = {"event": "failed", "severity": severity, "delivery-status": status, "reason": "bounce"}
    events = translate("mailgun", posted({"event-data": CLICK | fields})).events
    assert [event.type for event in events] == types
    assert all(event.properties["reason"] == "no mailbox <(address)>" for event in events)


@pytest.mark.parametrize("name", ["accepted", "rejected", "stored"])
def test_what_is_no_act_of_a_partner_is_ignored(name: str) -> None:
    assert translate("mailgun", posted({"event-data": CLICK | {"event": name}})).ignored == 1


@pytest.mark.parametrize(
    ("event", "bot", "reason"),
    [
        ("opened", "apple", "flagged by Mailgun: client-info.bot is apple"),
        ("opened", "generic", "flagged by Mailgun: client-info.bot is generic"),
        ("clicked", "generic", "flagged by Mailgun: client-info.bot is generic"),
        ("clicked", "gmail", "flagged by Mailgun: client-info.bot is gmail"),
        ("opened", "gmail", None),
        ("clicked", "", None),
        ("clicked", None, None),
    ],
)
def test_a_bot_is_a_machine_but_gmails_proxy_opens_for_a_person(
    event: str, bot: object, reason: str | None
) -> None:
    made = only_event(
        event=event, **{"client-info": {"bot": bot, "user-agent": "Mozilla/5.0 (Windows NT 10.0)"}}
    )
    assert (made.verdict, made.verdict_reason) == ("machine" if reason else "human", reason)


def test_an_id_is_unique_within_its_day() -> None:
    assert only_event(timestamp=1763078399.9).id.endswith("|2025-11-13")
    assert only_event(timestamp=1763078400).id.endswith("|2025-11-14")


def test_properties_are_campaign_link_message_and_variables() -> None:
    assert only_event(**{"user-variables": {"tier": "gold", "path": "/mine"}}).properties == {
        "campaign": "partner-nurture",
        "categories": ["partner-nurture"],
        "message": "20251113022319.1.BC6694A917BB7E6A@mail.example.com",
        "path": "/mdf",
        "tier": "gold",
        "url": "https://www.example.com/mdf",
    }


@pytest.mark.parametrize(
    ("fields", "settings", "partner"),
    [
        ({}, None, "p-77"),
        ({"user-variables": []}, None, None),
        ({"user-variables": [], "url": "https://v.example/?partner_id=p-1"}, None, "p-1"),
        ({"user-variables": {"crm": 7}}, {"partner": [{"path": "user-variables.crm"}]}, "7"),
    ],
)
def test_the_partner_is_a_variable(fields: Json, settings: Json | None, partner: str | None) -> None:
    assert only_event(settings, **fields).partner == partner


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"event": "teleported"}, "`event`"),
        ({"event": None}, "`event`"),
        ({"id": None}, "`id` is missing"),
        ({"timestamp": None}, "`timestamp` must be in seconds"),
        ({"timestamp": 1763000599089}, "`timestamp` must be in seconds"),
        ({"timestamp": float("nan")}, "`timestamp` must be in seconds"),
        ({"recipient": None, "user-variables": {}}, "one of partner and contact"),
    ],
)
def test_what_cannot_be_counted_is_refused_and_says_why(fields: Json, reason: str) -> None:
    translation = translate("mailgun", posted({"event-data": CLICK | fields}))
    assert reason in translation.refused[0].reason


@pytest.mark.parametrize("body", [{}, {"event-data": []}, [], 7])
def test_a_body_without_event_data_is_malformed(body: object) -> None:
    with pytest.raises(Malformed):
        translate("mailgun", posted(body))


def multipart() -> Incoming:
    names = ("timestamp", "token", "signature")
    parts = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{SIGNATURE[name]}\r\n' for name in names
    )
    return form("multipart/form-data; boundary=x", f"{parts}--x--\r\n".encode())


@pytest.mark.parametrize("incoming", [form(), multipart()])
def test_a_legacy_form_is_verified_and_never_wanted_again(incoming: Incoming) -> None:
    assert MAILGUN.verify(incoming, [SECRET], received_at=RECEIVED_AT)
    assert not MAILGUN.verify(incoming, ["other"], received_at=RECEIVED_AT)
    reply = MAILGUN.handshake(incoming, [SECRET])
    assert reply is not None
    assert reply.status == 406


@pytest.mark.parametrize(
    "incoming",
    [form(body=b""), form(body=b"&" * 2_000), form("multipart/form-data", b"x"), form(body=b"\xff=%")],
)
def test_any_other_form_does_not_verify(incoming: Incoming) -> None:
    assert not MAILGUN.verify(incoming, [SECRET], received_at=RECEIVED_AT)
