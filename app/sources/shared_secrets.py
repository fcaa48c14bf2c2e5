"""Secrets that the platform and we both know, and signatures made with them."""

import hmac
from collections.abc import Sequence

from app.errors import FieldError, Invalid


def check_shared(secrets: Sequence[str], *, what: str) -> None:
    """Raises Invalid if there is none, or a blank one. `what` is how the platform calls it."""
    if not secrets:
        raise Invalid("The source has no secret.", errors=[FieldError("secrets", f"{what} is needed")])
    blank = [FieldError(f"secrets.{n}", "is blank") for n, each in enumerate(secrets) if not each.strip()]
    if blank:
        raise Invalid("A secret cannot verify anything.", errors=blank)


def as_bytes(text: str) -> bytes:
    """UTF-8 of any text at all, also of a header that is none."""
    return text.encode(errors="surrogatepass")


def mac(secret: str, message: bytes, algorithm: str = "sha256") -> bytes:
    """HMAC of the message; blanks around a pasted secret do not count."""
    return hmac.digest(as_bytes(secret.strip()), message, algorithm)


def same(given: str, expected: str) -> bool:
    """Whether the texts are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(as_bytes(given), as_bytes(expected))
