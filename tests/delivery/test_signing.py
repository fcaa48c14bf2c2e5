"""Signatures: the published vectors of Standard Webhooks, and bodies that tempt one to encode them again."""

import base64
from datetime import UTC, datetime, timedelta, timezone

import pytest
from svix.webhooks import Webhook

from app.delivery.signing import signed_headers
from app.services.webhook_secrets import new_secret

KEY = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER_KEY = "C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
MESSAGE = "msg_p5jXN8AQM9LWM0D4loKWxJek"
AT = datetime.fromtimestamp(1614265330, UTC)


@pytest.mark.parametrize(
    ("body", "signature"),
    [
        ('{"test": 2432232314}', "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
        ('{"test":2432232314}', "v1,Vif40peJBP7Iyl0XGmu61n4MwdrcHov5CFREBpE0svs="),
        ('{"partner":"Zürich €"}', "v1,yziA/lQLx9NgK9ou8sTTpTU+5AHcDsFomcyqweeYY7Y="),
        (r'{"partner":"Z\u00fcrich \u20ac"}', "v1,q1RfzJpyUAcUMBMGi3zMvXZ1jXQza1Nafnfgi72OVRE="),
        ("", "v1,v48jdbgvh29KJz2Qc+ghw8G6vG3nAKnujWBg8oM/62A="),
    ],
)
@pytest.mark.parametrize("prefix", ["", "whsec_"])
def test_vectors(body: str, signature: str, prefix: str) -> None:
    headers = signed_headers(MESSAGE, AT, body=body.encode(), secrets=[prefix + KEY])
    assert headers == {
        "webhook-id": MESSAGE,
        "webhook-timestamp": "1614265330",
        "webhook-signature": signature,
    }


def test_the_vector_of_the_rust_library() -> None:
    headers = signed_headers(
        "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
        datetime.fromtimestamp(1649367553, UTC),
        body=b'{"email":"test@example.com","username":"test_user"}',
        secrets=[OTHER_KEY],
    )
    assert headers["webhook-signature"] == "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw="


def test_while_secrets_rotate_all_of_them_sign() -> None:
    headers = signed_headers(MESSAGE, AT, body=b'{"test": 2432232314}', secrets=[KEY, OTHER_KEY])
    assert headers["webhook-signature"] == (
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v1,78nXHjpFP0tVJQW5D0SBwmVyyW87BV/rL6MgfM/Bw44="
    )


@pytest.mark.parametrize(
    "at", [AT + timedelta(milliseconds=999), AT.astimezone(timezone(timedelta(hours=-8)))]
)
def test_only_the_second_is_signed_and_in_no_zone(at: datetime) -> None:
    expected = signed_headers(MESSAGE, AT, body=b"{}", secrets=[KEY])
    assert signed_headers(MESSAGE, at, body=b"{}", secrets=[KEY]) == expected


def test_a_new_secret_is_32_random_bytes_and_receivers_accept_it() -> None:
    secret, other = new_secret(), new_secret()
    assert secret != other
    assert len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32
    headers = signed_headers(MESSAGE, AT, body=b"{}", secrets=[secret])
    assert Webhook(secret).sign(MESSAGE, AT, "{}") == headers["webhook-signature"]
