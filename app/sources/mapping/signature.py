"""Signatures by a template: what is signed, how, and where in the request the signature stands."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from app.errors import Malformed
from app.sources.adapter import Incoming
from app.sources.mapping.decode import form_fields
from app.sources.mapping.verification import PLACEHOLDER, Algorithm, BySignature, Encoding, Place, Stamp
from app.sources.names import name_of
from app.sources.reading import loose_json
from app.sources.shared_secrets import as_bytes, same

MOST_SIGNATURES = 10
WHSEC = "whsec_"


def is_signed(way: BySignature, incoming: Incoming, secrets: Sequence[str], received_at: datetime) -> bool:
    """Whether one of the secrets made one of the signatures, in time. Never raises."""
    try:
        if way.timestamp is not None and not is_timely(way.timestamp, incoming, received_at):
            return False
        given = [*texts_at(way.signature, incoming)][:MOST_SIGNATURES]
        expected = [signature(way, incoming, secret) for secret in secrets]
    except (ValueError, Malformed):
        return False
    if way.encoding == "hex":
        given = [each.lower() for each in given]
    return any(same(one, other) for one in given for other in expected)


def signature(way: BySignature, incoming: Incoming, secret: str) -> str:
    """The signature that the secret makes. Raises ValueError or Malformed if what it covers is missing."""
    message = b"".join(_pieces(way, incoming, secret))
    return made(way.algorithm, way.encoding, key=key_of(secret, way), message=message)


def made(algorithm: Algorithm, encoding: Encoding, *, key: bytes, message: bytes) -> str:
    """A signature as it is written."""
    keyed, _, name = algorithm.rpartition("-")
    digest = hmac.digest(key, message, name) if keyed else hashlib.new(name, message).digest()
    return digest.hex() if encoding == "hex" else base64.b64encode(digest).decode()


def key_of(secret: str, way: BySignature) -> bytes:
    """The key that a secret is. Raises ValueError if it is none."""
    text = secret.strip()
    if way.key == "text":
        return as_bytes(text)
    if way.key == "whsec" and not text.startswith(WHSEC):
        raise ValueError(f"must begin with {WHSEC}")
    try:
        return base64.b64decode(text.removeprefix(WHSEC) if way.key == "whsec" else text, validate=True)
    except binascii.Error as error:
        raise ValueError("must be base64") from error


def is_timely(stamp: Stamp, incoming: Incoming, received_at: datetime) -> bool:
    """Whether the time of signing is near enough, before or after; without a tolerance any is."""
    if stamp.tolerance_seconds is None:
        return True
    seconds = float(_text_at(stamp, incoming)) / (1000 if stamp.unit == "ms" else 1)
    return abs(received_at.timestamp() - seconds) <= stamp.tolerance_seconds


def texts_at(place: Place, incoming: Incoming) -> Iterator[str]:
    """What stands at the place: each value of several that has the prefix, without it."""
    text = _whole_text(place, incoming)
    for each in (text or "").split(place.split) if place.split else [text or ""]:
        value = each.strip()
        if value.startswith(place.prefix) and value != place.prefix:
            yield value.removeprefix(place.prefix)


def _whole_text(place: Place, incoming: Incoming) -> str | None:
    if place.header is not None:
        return incoming.headers.get(place.header.lower())
    if place.query is not None:
        return incoming.query.get(place.query)
    return _in_body(incoming, place.body or "")


def _text_at(place: Place | None, incoming: Incoming) -> str:
    text = next(texts_at(place, incoming), None) if place is not None else None
    if text is None:
        raise ValueError("what is signed is not in the request")
    return text


def _in_body(incoming: Incoming, path: str) -> str | None:
    value: Any = loose_json(incoming.body)
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return name_of(value)


def _pieces(way: BySignature, incoming: Incoming, secret: str) -> Iterator[bytes]:
    """What is signed, piece by piece: text stands between the names."""
    for n, piece in enumerate(PLACEHOLDER.split(way.over)):
        yield _named(piece, way, incoming, secret) if n % 2 else as_bytes(piece)


def _named(name: str, way: BySignature, incoming: Incoming, secret: str) -> bytes:
    match name:
        case "body":
            return incoming.body
        case "form_sorted":
            return _sorted(form_fields(incoming.body))
        case "ts":
            text = _text_at(way.timestamp, incoming)
        case "id":
            text = _text_at(way.id, incoming)
        case "secret":
            text = secret.strip()
        case "method":
            text = incoming.method
        case "url":
            text = incoming.url
        case _:
            text = _text_at(Place(body=name.removeprefix("body.")), incoming)
    return as_bytes(text)


def _sorted(fields: list[tuple[str, str]]) -> bytes:
    """Names and values of a form without anything between, sorted by name."""
    ordered = sorted(fields, key=lambda field: field[0])
    return "".join(name + value for name, value in ordered).encode("utf-8", "surrogateescape")
