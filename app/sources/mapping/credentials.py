"""Whether a request comes from the platform: by signature, by a secret it knows, or by our URL alone."""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from app.errors import FieldError, Invalid
from app.sources.adapter import Incoming
from app.sources.mapping.signature import is_signed, key_of
from app.sources.mapping.verification import (
    OPTIONAL,
    REQUIRED,
    ByBasic,
    ByBearer,
    ByHeader,
    ByPath,
    ByQuery,
    BySignature,
    Verify,
)
from app.sources.shared_secrets import check_shared, same

NAMES = {
    "basic": "a user and a password, as user:password,",
    "bearer": "a token",
    "header": "the value of the header",
    "query": "the value of the parameter",
    "signature": "the secret that the platform signs with",
}


def vouches(way: Verify, incoming: Incoming, secrets: Sequence[str], received_at: datetime) -> bool:
    """Whether the request proves where it comes from. Never raises."""
    if isinstance(way, ByPath):
        return True
    if not secrets:
        return way.secret == OPTIONAL
    if isinstance(way, BySignature):
        return is_signed(way, incoming, secrets, received_at)
    given = _given(way, incoming)
    return given is not None and any(same(given, each.strip()) for each in secrets)


def check(way: Verify, secrets: Sequence[str]) -> None:
    """Raises Invalid, naming `secrets` or `secrets.<n>`, if no request could be verified with them."""
    if isinstance(way, ByPath):
        if secrets:
            message = "must be empty: the platform proves nothing but that it knows our URL"
            raise Invalid("The source needs no secret.", errors=[FieldError("secrets", message)])
        return
    if secrets or way.secret == REQUIRED:
        check_shared(secrets, what=NAMES[way.by])
    bad = [FieldError(f"secrets.{n}", why) for n, each in enumerate(secrets) if (why := _fault(way, each))]
    if bad:
        raise Invalid("A secret cannot verify anything.", errors=bad)


def _given(way: ByBasic | ByBearer | ByHeader | ByQuery, incoming: Incoming) -> str | None:
    match way:
        case ByBasic():
            return _basic(_after("basic ", incoming))
        case ByBearer():
            return _after("bearer ", incoming)
        case ByHeader():
            return incoming.headers.get(way.name.lower())
        case ByQuery():
            return incoming.query.get(way.name)
        case _:
            assert_never(way)


def _after(scheme: str, incoming: Incoming) -> str | None:
    value = incoming.headers.get("authorization", "")
    return value[len(scheme) :].strip() if value.lower().startswith(scheme) else None


def _basic(text: str | None) -> str | None:
    try:
        return base64.b64decode(text or "", validate=True).decode()
    except (binascii.Error, ValueError):
        return None


def _fault(way: Verify, secret: str) -> str | None:
    if isinstance(way, ByBasic):
        return None if ":" in secret else "must be user:password"
    try:
        if isinstance(way, BySignature):
            key_of(secret, way)
    except ValueError as error:
        return str(error)
    return None
