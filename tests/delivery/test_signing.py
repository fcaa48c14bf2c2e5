"""Signatures: the published vectors of Standard Webhooks, and bodies that tempt one to encode them again."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from svix.webhooks import Webhook

from app.delivery.signing import sign, signed_headers
from app.signatures.keys import new_secret, new_signing_key, verification_key
from app.signatures.verifier import verify

KEY = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER_KEY = "C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
SIGNING_KEY = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="
MESSAGE = "msg_p5jXN8AQM9LWM0D4loKWxJek"
SECOND = 1614265330
AT = datetime.fromtimestamp(SECOND, UTC)
BODY = b'{"test": 2432232314}'
V1 = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
V1_OTHER = "v1,78nXHjpFP0tVJQW5D0SBwmVyyW87BV/rL6MgfM/Bw44="
V1A = "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="


@pytest.mark.parametrize(
    ("body", "signature"),
    [
        ('{"test": 2432232314}', V1),
        ('{"test":2432232314}', "v1,Vif40peJBP7Iyl0XGmu61n4MwdrcHov5CFREBpE0svs="),
        ('{"partner":"Zürich €"}', "v1,yziA/lQLx9NgK9ou8sTTpTU+5AHcDsFomcyqweeYY7Y="),
        (r'{"partner":"Z\u00fcrich \u20ac"}', "v1,q1RfzJpyUAcUMBMGi3zMvXZ1jXQza1Nafnfgi72OVRE="),
        ("", "v1,v48jdbgvh29KJz2Qc+ghw8G6vG3nAKnujWBg8oM/62A="),
    ],
)
@pytest.mark.parametrize("prefix", ["", "whsec_"])
def test_vectors(body: str, signature: str, prefix: str) -> None:
    assert sign(MESSAGE, SECOND, body.encode(), [prefix + KEY]) == signature


def test_the_vector_of_the_rust_library() -> None:
    body = b'{"email":"test@example.com","username":"test_user"}'
    signature = sign("msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1649367553, body, [OTHER_KEY])
    assert signature == "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw="


def test_the_vector_of_a_key_pair() -> None:
    assert sign(MESSAGE, SECOND, BODY, [SIGNING_KEY]) == V1A


@pytest.mark.parametrize(
    ("secrets", "signatures"),
    [
        ([KEY, OTHER_KEY], [V1, V1_OTHER]),
        ([OTHER_KEY, KEY], [V1_OTHER, V1]),
        ([SIGNING_KEY, KEY], [V1A, V1]),
    ],
)
def test_while_secrets_rotate_each_signs_in_its_order(secrets: list[str], signatures: list[str]) -> None:
    assert sign(MESSAGE, SECOND, BODY, secrets) == " ".join(signatures)


@pytest.mark.parametrize(
    "at", [AT, AT + timedelta(milliseconds=999), AT.astimezone(timezone(timedelta(hours=-8)))]
)
def test_only_the_second_is_signed_and_in_no_zone(at: datetime) -> None:
    assert signed_headers(MESSAGE, at, body=BODY, secrets=[KEY]) == {
        "webhook-id": MESSAGE,
        "webhook-timestamp": "1614265330",
        "webhook-signature": V1,
    }


def test_others_sign_the_same() -> None:
    secret = new_secret()
    assert Webhook(secret).sign(MESSAGE, AT, "{}") == sign(MESSAGE, SECOND, b"{}", [secret])


@pytest.mark.parametrize("kept", ["old", "new"])
def test_receivers_verify_while_secrets_rotate(kept: str) -> None:
    secrets = {"new": new_secret(), "old": new_secret()}
    headers = signed_headers(MESSAGE, AT, body=BODY, secrets=list(secrets.values()))
    assert verify(headers, BODY, secrets[kept], now=SECOND) == MESSAGE


def test_receivers_verify_with_a_public_key() -> None:
    key = new_signing_key()
    headers = signed_headers(MESSAGE, AT, body=BODY, secrets=[key])
    assert verify(headers, BODY, verification_key(key), now=SECOND) == MESSAGE
