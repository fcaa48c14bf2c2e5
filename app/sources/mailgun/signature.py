"""Mailgun's signature, in the body: HMAC-SHA256 of timestamp and token, not of the body."""

from collections.abc import Iterator, Mapping, Sequence
from email import message_from_bytes
from typing import Any
from urllib.parse import parse_qsl

from app.errors import Malformed
from app.sources.adapter import Incoming
from app.sources.reading import json_object, part
from app.sources.shared_secrets import as_bytes, mac, same

FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
# A parent account signs what its sub-accounts' domains post, with its own key.
PLACES = ("signature", "parent-signature")

Signature = Mapping[str, Any]


def is_signed(incoming: Incoming, secrets: Sequence[str]) -> bool:
    """Whether one of the signing keys made a signature in the body."""
    signatures = list(_signatures(incoming))
    return any(_is_by(secret, signature) for secret in secrets for signature in signatures)


def is_legacy(incoming: Incoming) -> bool:
    """Whether it is a form, as webhooks of before 2018 post."""
    return _media(incoming) in FORMS


def _is_by(secret: str, signature: Signature) -> bool:
    timestamp, token, given = (signature.get(name) for name in ("timestamp", "token", "signature"))
    if not (isinstance(timestamp, str) and isinstance(token, str) and isinstance(given, str)):
        return False
    return same(given.lower(), mac(secret, as_bytes(timestamp + token)).hex())


def _signatures(incoming: Incoming) -> Iterator[Signature]:
    match _media(incoming):
        case "application/x-www-form-urlencoded":
            yield dict(_pairs(incoming.body))
        case "multipart/form-data":
            yield _fields(incoming)
        case _:
            yield from _in_json(incoming.body)


def _in_json(body: bytes) -> Iterator[Signature]:
    try:
        document = json_object(body)
    except Malformed:
        return
    yield from (part(document, place) for place in PLACES)


def _pairs(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode(errors="replace"), max_num_fields=1_000)
    except ValueError:
        return []


def _fields(incoming: Incoming) -> dict[str, str]:
    head = b"content-type: " + as_bytes(incoming.headers["content-type"]) + b"\r\n\r\n"
    fields = {}
    for each in message_from_bytes(head + incoming.body).walk():
        name, content = each.get_param("name", header="content-disposition"), each.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            fields[name] = content.decode(errors="replace")
    return fields


def _media(incoming: Incoming) -> str:
    return incoming.headers.get("content-type", "").partition(";")[0].strip().lower()
