"""The demo's mailer signs as SendGrid does."""

from datetime import UTC, datetime

from app.demo.mail import Mailer
from app.sources.adapter import Incoming
from app.sources.sendgrid.adapter import SendGrid

AT = datetime(2026, 3, 12, 15, 30, tzinfo=UTC)


def test_a_batch_verifies_with_the_mailers_key() -> None:
    mailer = Mailer()
    body, headers = mailer.request([{"event": "open"}], AT)
    SendGrid().check_secrets([mailer.verification_key])
    assert SendGrid().verify(Incoming(headers, body, {}), [mailer.verification_key], received_at=AT)


def test_each_demo_has_a_key_of_its_own() -> None:
    assert Mailer().verification_key != Mailer().verification_key


def test_a_batch_ends_like_sendgrids() -> None:
    assert Mailer().request([], AT)[0] == b"[]\r\n"
