"""SES's events come wrapped by SNS, which signs them; a certificate is handed in."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from app.errors import Invalid, Malformed
from app.sources.adapter import Incoming
from app.sources.event import NewEvent
from app.sources.registry import ADAPTERS
from app.sources.ses.envelope import HASHES
from tests.sources.samples import RECEIVED_AT, Json, posted, request, sample, translate, vector

SES = ADAPTERS["ses"]
VECTOR = vector("ses", "sns_signature_v2")
TOPIC = "arn:aws:sns:eu-west-1:111122223333:ses-events"
CERTIFICATE = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0000.pem"
CLICK = sample("ses", "click")["body"]
CONFIRMATION = sample("ses", "subscription_confirmation")["body"]
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = KEY,
    *,
    until: datetime = RECEIVED_AT + timedelta(days=1),
) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.amazonaws.com")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, until - timedelta(days=2), until)
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM)


def signed(body: Json, names: str, *, version: str = "2", pem: bytes | None = None) -> Incoming:
    """With the signature over the fields named, in this order, and the certificate at hand."""
    known = body | {"SignatureVersion": version, "SigningCertURL": CERTIFICATE}
    text = "".join(f"{name}\n{known[name]}\n" for name in names.split() if name in known)
    hash_ = HASHES[version]
    known["Signature"] = base64.b64encode(KEY.sign(text.encode(), padding.PKCS1v15(), hash_)).decode()
    return replace(posted(known), fetched={CERTIFICATE: pem or certificate()})


def click(**fields: Any) -> Incoming:
    return signed(CLICK | fields, "Message MessageId Subject Timestamp TopicArn Type")


def confirmation(**fields: Any) -> Incoming:
    names = "Message MessageId SubscribeURL Timestamp Token TopicArn Type"
    return signed(CONFIRMATION | fields, names)


def verifies(incoming: Incoming, *topics: str) -> bool:
    return SES.verify(incoming, topics or [TOPIC], received_at=RECEIVED_AT)


def published(changes: Json | None = None) -> Incoming:
    message = VECTOR["message"] | {"SigningCertURL": CERTIFICATE} | (changes or {})
    return replace(posted(message), fetched={CERTIFICATE: VECTOR["certificate_pem"].encode()})


def test_the_published_signature_verifies() -> None:
    assert verifies(published())


@pytest.mark.parametrize("name", ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"])
def test_with_one_signed_byte_changed_it_does_not(name: str) -> None:
    value = VECTOR["message"][name]
    changed = chr(ord(value[0]) ^ 1) + value[1:]
    assert not verifies(published({name: changed}), TOPIC, changed)


@pytest.mark.parametrize("version", ["1", "2"])
def test_both_versions_verify(version: str) -> None:
    assert verifies(signed(CLICK, "Message MessageId Subject Timestamp TopicArn Type", version=version))


@pytest.mark.parametrize("version", ["", "3", None, 2])
def test_another_version_does_not(version: object) -> None:
    assert not verifies(published({"SignatureVersion": version}))


def test_a_message_without_a_subject_verifies() -> None:
    body = {name: value for name, value in CLICK.items() if name != "Subject"}
    names = "Message MessageId Timestamp TopicArn Type"
    assert verifies(signed(body, names))
    assert verifies(replace(signed(body | {"Subject": None}, names)))


def test_a_confirmation_is_signed_over_other_fields() -> None:
    assert verifies(confirmation())
    assert not verifies(signed(CONFIRMATION, "Message MessageId Timestamp TopicArn Type"))


@pytest.mark.parametrize("signature", ["", "no base64!", "AAAA", None])
def test_no_signature_does_not_verify(signature: object) -> None:
    assert not verifies(published({"Signature": signature}))


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        b"no certificate",
        certificate(ec.generate_private_key(ec.SECP256R1())),
        certificate(rsa.generate_private_key(public_exponent=65537, key_size=2048)),
        certificate(until=RECEIVED_AT - timedelta(seconds=1)),
        certificate(until=RECEIVED_AT + timedelta(days=3)),
    ],
    ids=["empty", "none", "other-kind", "other-key", "expired", "not-yet"],
)
def test_another_certificate_does_not_verify(pem: bytes) -> None:
    assert not verifies(replace(click(), fetched={CERTIFICATE: pem}))


def test_without_the_certificate_it_does_not() -> None:
    assert not verifies(replace(click(), fetched={}))


def test_only_the_sources_own_topics_are_taken() -> None:
    assert not verifies(click(), TOPIC + "2")
    assert verifies(click(), TOPIC + "2", f" {TOPIC}\n")
    assert not verifies(click(TopicArn=TOPIC.replace("1111", "2222")))


@pytest.mark.parametrize(
    "url",
    [
        CERTIFICATE,
        "https://sns.us-gov-west-1.amazonaws.com/SimpleNotificationService-0a1b2c.pem",
        "https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-0a1b2c.pem",
    ],
)
def test_the_certificate_is_needed_from_snss_own_place(url: str) -> None:
    assert SES.needs(published({"SigningCertURL": url})) == url


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        CERTIFICATE.replace("https", "http"),
        CERTIFICATE.replace("sns.", "sns-"),
        CERTIFICATE.replace("amazonaws.com", "amazonaws.com.evil.example"),
        CERTIFICATE.replace("https://", "https://evil.example/"),
        CERTIFICATE.replace("https://", "https://user@"),
        CERTIFICATE.replace("https://", "https://evil.example#"),
        CERTIFICATE.replace(".com/", ".com:8443/"),
        CERTIFICATE.replace(".com/", ".com/../"),
        CERTIFICATE + "?x=1",
        CERTIFICATE + "\n",
        "https://sns.eu-west-1.amazonaws.com/other.pem",
        "https://bucket.s3.amazonaws.com/SimpleNotificationService-0.pem",
    ],
)
def test_and_from_nowhere_else(url: object) -> None:
    incoming = published({"SigningCertURL": url})
    assert SES.needs(incoming) is None
    assert not verifies(replace(incoming, fetched={str(url): certificate()}))


@pytest.mark.parametrize("body", [b"", b"[]", b"7"])
def test_of_no_message_nothing_is_needed(body: bytes) -> None:
    incoming = Incoming({}, body, {})
    assert SES.needs(incoming) is None
    assert not verifies(incoming)
    with pytest.raises(Malformed):
        translate("ses", incoming)


def test_a_subscription_is_confirmed_by_a_visit() -> None:
    reply = SES.handshake(confirmation(), [TOPIC])
    assert reply is not None
    assert (reply.status, reply.visit) == (200, CONFIRMATION["SubscribeURL"])


@pytest.mark.parametrize(
    "url",
    ["https://evil.example/?Action=ConfirmSubscription", "", None, CONFIRMATION["SubscribeURL"] + "\r\nx"],
)
def test_but_only_to_sns(url: object) -> None:
    reply = SES.handshake(confirmation(SubscribeURL=url), [TOPIC])
    assert reply is not None
    assert reply.visit is None


def test_the_end_of_a_subscription_needs_nothing() -> None:
    reply = SES.handshake(confirmation(Type="UnsubscribeConfirmation"), [TOPIC])
    assert reply is not None
    assert reply.visit is None


@pytest.mark.parametrize(
    ("secrets", "path"),
    [
        ([], "secrets"),
        ([TOPIC, "topic"], "secrets.1"),
        (["arn:aws:sqs:eu-west-1:111122223333:q"], "secrets.0"),
    ],
)
def test_a_topic_is_needed(secrets: list[str], path: str) -> None:
    with pytest.raises(Invalid) as caught:
        SES.check_secrets(secrets)
    assert [error.path for error in caught.value.errors] == [path]


def test_a_topic_is_enough() -> None:
    SES.check_secrets([TOPIC, "arn:aws-cn:sns:cn-north-1:111122223333:a.fifo"])


def told(name: str, facts: Json | None = None, **mail: Any) -> Json:
    """An SNS message about a mail to two people."""
    about = {"messageId": "ses-1", "destination": ["jo@acme.example", "mo@acme.example"]} | mail
    event = {
        "eventType": name,
        "mail": about,
        name.lower(): {"timestamp": "2026-03-26T18:01:25.570Z"} | (facts or {}),
    }
    return {"Type": "Notification", "MessageId": "sns-1", "Message": json.dumps(event)}


def events(message: Json, settings: Json | None = None) -> list[NewEvent]:
    translation = translate("ses", posted(message), settings)
    assert translation.refused == []
    return translation.events


def test_a_mail_to_several_is_an_event_for_each() -> None:
    assert [(event.id, event.contact) for event in events(told("Open"))] == [
        ("sns-1", "jo@acme.example"),
        ("sns-1|1", "mo@acme.example"),
    ]


@pytest.mark.parametrize(
    ("name", "facts", "types"),
    [
        ("Delivery", {"recipients": ["jo@acme.example"]}, ["email.delivered"]),
        (
            "Bounce",
            {"bounceType": "Permanent", "bouncedRecipients": [{"emailAddress": "jo@acme.example"}]},
            ["email.bounced"],
        ),
        (
            "Bounce",
            {"bounceType": "Transient", "bouncedRecipients": [{"emailAddress": "jo@acme.example"}]},
            [],
        ),
        ("Complaint", {"complainedRecipients": [{"emailAddress": "jo@acme.example"}]}, ["email.complained"]),
        ("Subscription", {"newTopicPreferences": {"unsubscribeAll": True}}, ["email.unsubscribed"] * 2),
        ("Subscription", {"newTopicPreferences": {"unsubscribeAll": False}}, []),
        ("Send", {}, []),
        ("Reject", {}, []),
        ("DeliveryDelay", {}, []),
        ("Rendering Failure", {}, []),
    ],
)
def test_an_event_is_about_whom_it_names(name: str, facts: Json, types: list[str]) -> None:
    assert [event.type for event in events(told(name, facts))] == types


def test_a_notification_may_be_of_the_older_kind() -> None:
    message = told("Complaint")
    message["Message"] = message["Message"].replace("eventType", "notificationType")
    assert [event.type for event in events(message)] == ["email.complained"] * 2


def test_properties_are_link_message_campaign_and_tags() -> None:
    tags = {"campaign": ["spring"], "tier": ["gold", "x"], "ses:from-domain": ["v.example"], "empty": []}
    (event, _) = events(told("Click", {"link": "https://v.example/mdf?m=jo@acme.example"}, tags=tags))
    assert event.properties == {
        "campaign": "spring",
        "message": "ses-1",
        "path": "/mdf",
        "tier": "gold",
        "url": "https://v.example/mdf?m=(address)",
    }


@pytest.mark.parametrize(
    ("mail", "settings", "partner"),
    [
        ({"tags": {"partner_id": ["p-1"]}}, None, "p-1"),
        ({"tags": {"partner_id": []}}, None, None),
        ({"tags": {"crm": ["p-2"]}}, {"partner": [{"path": "mail.tags.crm"}]}, "p-2"),
    ],
)
def test_the_partner_is_a_tag(mail: Json, settings: Json | None, partner: str | None) -> None:
    assert {event.partner for event in events(told("Open", **mail), settings)} == {partner}


def test_apples_prefetch_is_a_machine() -> None:
    (event,) = translate("ses", request(sample("ses", "open"))).events
    assert event.verdict == "machine"
    assert event.verdict_reason is not None
    assert "Apple" in event.verdict_reason


def test_a_text_that_is_no_json_means_nothing() -> None:
    message = told("Open") | {"Message": "Successfully validated SNS topic for Amazon SES event publishing."}
    assert translate("ses", posted(message)).ignored == 1


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (told("Open") | {"Message": '{"other": 1}'}, "`eventType`"),
        (told("Open") | {"MessageId": None}, "`MessageId`"),
        (told("Open", {"timestamp": "soon"}), "`timestamp`"),
        (told("Open", destination=[]), "no recipient"),
        (told("Open", destination=[{"x": 1}, 7.5]), "no recipient"),
        (told("Open", destination="jo@acme.example"), "no recipient"),
    ],
)
def test_what_cannot_be_counted_is_refused_and_says_why(message: Json, reason: str) -> None:
    (refused,) = translate("ses", posted(message)).refused
    assert reason in refused.reason


def test_the_time_is_that_of_the_act() -> None:
    assert events(told("Open"))[0].occurred_at == datetime(2026, 3, 26, 18, 1, 25, 570_000, tzinfo=UTC)
