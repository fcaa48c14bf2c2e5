"""CloudEvents 1.0 over HTTP: their three content modes become events of ours."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from app.errors import FieldError, Invalid, Malformed, UnsupportedMedia

JSON = "application/json"
STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
PREFIX = "ce-"
SUBJECT_PREFIX = "partner/"


def is_binary(headers: Mapping[str, str]) -> bool:
    """Whether the attributes are in headers and the body is the data alone."""
    return f"{PREFIX}specversion" in headers


def media_type(headers: Mapping[str, str], default: str = "") -> str:
    """What the body is said to be, without parameters, in lower case."""
    return headers.get("content-type", default).split(";")[0].strip().lower()


def from_binary(headers: Mapping[str, str], body: bytes, *, read: Callable[[bytes], Any]) -> dict[str, Any]:
    """The event as a structured one would be written; `read` reads its data.

    Raises Malformed and UnsupportedMedia.
    """
    kind = media_type(headers, JSON)
    if body and kind != JSON and not kind.endswith("+json"):
        raise UnsupportedMedia("The data of a CloudEvent in binary mode must be JSON.")
    attributes = {
        name.removeprefix(PREFIX): _decoded(name, value)
        for name, value in headers.items()
        if name.startswith(PREFIX)
    }
    return {**attributes, "data": read(body) if body else {}}


def as_event(document: Any) -> Any:
    """The fields of our event in a structured CloudEvent; validation is the caller's.

    The partner is the extension `partner` or `partnerid`, `partner` in the data, or the subject; the contact
    is the extension `contact`, or `contact` or `email` in the data. Other data is the properties.
    Raises Invalid.
    """
    if not isinstance(document, dict):
        return document
    if document.get("specversion") != "1.0":
        raise _invalid("specversion", "must be 1.0")
    if "data_base64" in document:
        raise _invalid("data_base64", "is not read; send JSON as `data`")
    data = document.get("data")
    fields: dict[str, Any] = dict(data) if isinstance(data, dict) else {} if data is None else {"data": data}
    partner = document.get("partner") or document.get("partnerid") or fields.pop("partner", None)
    contact = document.get("contact") or fields.pop("contact", None) or fields.pop("email", None)
    event = {
        "id": document.get("id"),
        "source": document.get("source"),
        "type": document.get("type"),
        "occurred_at": document.get("time"),
        "partner": partner or _of_subject(document.get("subject")),
        "contact": contact,
        "properties": _properties(fields),
    }
    return {name: value for name, value in event.items() if value is not None}


def _invalid(path: str, message: str) -> Invalid:
    return Invalid("The CloudEvent is not valid.", errors=[FieldError(path, message)])


def _properties(fields: dict[str, Any]) -> Any:
    """Data that is shaped like our own event has its properties inside."""
    inner = fields.get("properties")
    return inner if isinstance(inner, dict) and len(fields) == 1 else fields


def _of_subject(subject: Any) -> Any:
    return subject.removeprefix(SUBJECT_PREFIX) if isinstance(subject, str) else None


def _decoded(name: str, value: str) -> str:
    try:
        return unquote(value, errors="strict")
    except UnicodeDecodeError as error:
        raise Malformed(f"The header {name} is not percent-encoded UTF-8.") from error
