"""The verifier for receivers: genuine and fresh, or one typed error, whatever the headers hold."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.signatures import verifier
from app.signatures.verifier import VerificationError, verify

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
PUBLIC = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
SECOND = 1614265330
BODY = b'{"test": 2432232314}'
V1 = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
V1_OTHER = "v1,78nXHjpFP0tVJQW5D0SBwmVyyW87BV/rL6MgfM/Bw44="
V1A = "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="
HEADERS = {"webhook-id": ID, "webhook-timestamp": str(SECOND), "webhook-signature": V1}


@pytest.mark.parametrize(
    ("signature", "key"),
    [
        (V1, SECRET),
        (V1, SECRET.removeprefix("whsec_")),
        (V1_OTHER, OTHER),
        (f"{V1_OTHER} {V1}", SECRET),
        (f"v2,AAAA nonsense , {V1}", SECRET),
        (V1A, PUBLIC),
        (f"v1a,AAAA v1a,%%% {V1} {V1A}", PUBLIC),
    ],
)
def test_genuine_messages_give_their_id(signature: str, key: str) -> None:
    assert verify(HEADERS | {"webhook-signature": signature}, BODY, key, now=SECOND) == ID


def test_while_the_secret_changes_either_will_do() -> None:
    assert verify(HEADERS, BODY, OTHER, SECRET, now=SECOND) == ID


def test_header_names_have_no_case() -> None:
    assert verify({name.title(): value for name, value in HEADERS.items()}, BODY, SECRET, now=SECOND) == ID


@pytest.mark.parametrize("body", [b"", b'{"test":2432232314}', BODY + b"\n", b"\xff\xfe", b"\0"])
def test_another_body_is_refused(body: bytes) -> None:
    with pytest.raises(VerificationError, match="no signature"):
        verify(HEADERS, body, SECRET, now=SECOND)


@pytest.mark.parametrize("keys", [(), (OTHER,), (PUBLIC,)])
def test_another_key_is_refused(keys: tuple[str, ...]) -> None:
    with pytest.raises(VerificationError, match="no signature"):
        verify(HEADERS, BODY, *keys, now=SECOND)


@pytest.mark.parametrize("age", [0, 299, 300, -299, -300])
def test_a_message_is_fresh_for_five_minutes_either_way(age: float) -> None:
    assert verify(HEADERS, BODY, SECRET, now=SECOND + age) == ID


@pytest.mark.parametrize("age", [300.5, 301, -300.5, -301])
def test_after_that_it_is_not(age: float) -> None:
    with pytest.raises(VerificationError, match="s old"):
        verify(HEADERS, BODY, SECRET, now=SECOND + age)


def test_the_tolerance_is_the_receivers_to_choose() -> None:
    assert verify(HEADERS, BODY, SECRET, tolerance=3600, now=SECOND + 3600) == ID
    with pytest.raises(VerificationError, match="at most 10 s"):
        verify(HEADERS, BODY, SECRET, tolerance=10, now=SECOND + 11)


def test_without_a_time_it_is_now() -> None:
    with pytest.raises(VerificationError, match="s old"):
        verify(HEADERS, BODY, SECRET)


@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize("value", [None, "", " ", ",", "\x00", "é", "\udcff", "v1", "v1,", "x" * 10_000])
def test_no_header_of_bad_form_raises_anything_else(name: str, value: str | None) -> None:
    headers = (
        {**HEADERS, name: value} if value is not None else {k: v for k, v in HEADERS.items() if k != name}
    )
    with pytest.raises(VerificationError):
        verify(headers, BODY, SECRET, PUBLIC, now=SECOND)


@pytest.mark.parametrize(
    "signature",
    [
        V1[:-3] + "A=",
        V1.removesuffix("="),
        V1.replace("v1,", "v1,,"),
        V1.replace("v1,", "v1"),
        V1.replace("v1,", "v1, "),
        V1.replace("v1,", "v1a,"),
        V1.replace("v1,", "V1,"),
        V1A.replace("v1a,", "v1,"),
        V1A.removesuffix("="),
        "v1a,é",
        "v1,é",
        "v1,\udcff",
    ],
)
def test_signatures_that_nearly_fit(signature: str) -> None:
    with pytest.raises(VerificationError, match="no signature"):
        verify(HEADERS | {"webhook-signature": signature}, BODY, SECRET, PUBLIC, now=SECOND)


@pytest.mark.parametrize(
    "timestamp", ["1614265330.0", "-1", "+1614265330", " 1614265330", "nan", "1e9", "\uff11\uff16", "9" * 99]
)
def test_timestamps_that_are_no_whole_seconds(timestamp: str) -> None:
    with pytest.raises(VerificationError, match="webhook-timestamp"):
        verify(HEADERS | {"webhook-timestamp": timestamp}, BODY, SECRET, now=SECOND)


def test_a_full_stop_in_the_id_could_move_the_borders() -> None:
    with pytest.raises(VerificationError, match="full stop"):
        verify(HEADERS | {"webhook-id": "msg.1"}, BODY, SECRET, now=SECOND)


@given(
    st.fixed_dictionaries({}, optional={name: st.text() | st.just(value) for name, value in HEADERS.items()}),
    st.binary(),
)
def test_any_headers_and_any_body(headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(VerificationError):
        verify(headers, body, SECRET, PUBLIC, now=SECOND)


@pytest.mark.parametrize(
    "key", ["", "whsec_", "whpk_", "whsec_%%%", "whpk_é", "whsec_A", "whpk_AAAA", "whsk_AAAA"]
)
def test_a_key_that_is_none_is_the_receivers_own_mistake(key: str) -> None:
    with pytest.raises(ValueError, match="key") as caught:
        verify(HEADERS, BODY, key, now=SECOND)
    assert "%%%" not in str(caught.value)


def test_the_file_needs_nothing_but_the_standard_library(tmp_path: Path) -> None:
    """It runs as a copy, where neither the project nor its packages can be imported."""
    (tmp_path / "handraiser_webhooks.py").write_bytes(Path(verifier.__file__).read_bytes())
    call = f"verify({HEADERS}, {BODY!r}, {SECRET!r}, now={SECOND})"
    command = [sys.executable, "-S", "-c", f"from handraiser_webhooks import verify; print({call})"]
    result = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert result.stdout == ID + "\n"
