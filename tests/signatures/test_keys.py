"""Keys: random, in the published layouts."""

import base64
from collections.abc import Callable

import pytest

from app.signatures.keys import new_secret, new_signing_key, private_key, verification_key

SIGNING_KEY = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="


@pytest.mark.parametrize(
    ("make", "prefix", "size"), [(new_secret, "whsec_", 32), (new_signing_key, "whsk_", 64)]
)
def test_a_new_key_is_random_bytes_in_base64(make: Callable[[], str], prefix: str, size: int) -> None:
    key, other = make(), make()
    assert key != other
    assert key.startswith(prefix)
    assert len(base64.b64decode(key.removeprefix(prefix), validate=True)) == size


def test_the_published_public_key_belongs_to_the_published_private_one() -> None:
    assert verification_key(SIGNING_KEY) == "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="


def test_the_halves_of_a_signing_key_must_belong_together() -> None:
    raw = base64.b64decode(SIGNING_KEY.removeprefix("whsk_"))
    other = "whsk_" + base64.b64encode(raw[:63] + bytes([raw[63] ^ 1])).decode()
    with pytest.raises(ValueError, match="half"):
        private_key(other)
