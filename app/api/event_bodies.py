"""Reading the bodies that events come in: one, an array, NDJSON, CloudEvents in three modes."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from app.api.body_limit import NDJSON
from app.api.problems import field_errors
from app.api.strict_json import read_json
from app.errors import FieldError, Invalid, Malformed, TooLarge, UnsupportedMedia
from app.services.recording import Result
from app.sources.cloudevents import modes as cloudevents
from app.sources.event import NewEvent

ACCEPTED = ("application/json", NDJSON, cloudevents.STRUCTURED, cloudevents.BATCH)
MOST_IN_ARRAY = 1_000
MOST_IN_NDJSON = 10_000
RESERVED = "score."
OWN_TYPE = f"types that begin with {RESERVED} are the service's own; use POST /v1/partners/{{id}}/adjustments"


@dataclass(frozen=True)
class Unread:
    """An event that could not be read, in the words of its result."""

    result: Result


Item = NewEvent | Unread


def read_events(headers: Mapping[str, str], body: bytes, *, source: str) -> list[Item]:
    """The events of a request, in order; those that name no source get `source`.

    Raises Malformed, TooLarge and UnsupportedMedia for the request as a whole.
    """
    kind = headers.get("content-type", "application/json").split(";")[0].strip().lower()
    if kind == NDJSON:
        return _lines(body, source=source)
    if cloudevents.is_binary(headers):
        return [_cloud_event(cloudevents.from_binary(headers, body, read=read_json), source=source)]
    documents, read = _json(kind, body)
    if len(documents) > MOST_IN_ARRAY:
        raise TooLarge(f"An array may have {MOST_IN_ARRAY} events, NDJSON {MOST_IN_NDJSON}.")
    return [read(document, source=source) for document in documents]


def _json(kind: str, body: bytes) -> tuple[list[Any], Callable[..., Item]]:
    match kind:
        case cloudevents.STRUCTURED:
            return [_object(read_json(body))], _cloud_event
        case cloudevents.BATCH:
            return _array(read_json(body)), _cloud_event
        case "application/json" | "":
            document = read_json(body)
            return (document if isinstance(document, list) else [_object(document)]), read_event
        case _:
            raise UnsupportedMedia(f"Send events as one of: {', '.join(ACCEPTED)}.")


def _object(document: Any) -> Any:
    if not isinstance(document, dict):
        raise Malformed("An event is a JSON object.")
    return document


def _array(document: Any) -> list[Any]:
    if not isinstance(document, list):
        raise Malformed("A batch of CloudEvents is a JSON array.")
    return document


def _lines(body: bytes, *, source: str) -> list[Item]:
    lines = [line for line in body.splitlines() if line.strip()]
    if len(lines) > MOST_IN_NDJSON:
        raise TooLarge(f"NDJSON may have {MOST_IN_NDJSON} events in one request.")
    return [_line(line, source=source) for line in lines]


def _line(line: bytes, *, source: str) -> Item:
    try:
        document = read_json(line)
    except Malformed as error:
        return _unread(None, [FieldError("", error.detail)])
    return read_event(document, source=source)


def _cloud_event(document: Any, *, source: str) -> Item:
    try:
        event = cloudevents.as_event(document)
    except Invalid as error:
        return _unread(document, error.errors)
    return read_event(event, source=source)


def read_event(document: Any, *, source: str) -> Item:
    """The event in a JSON document; one that names no source gets `source`."""
    if isinstance(document, dict) and document.get("source") is None:
        document["source"] = source
    try:
        event = NewEvent.model_validate(document)
    except ValidationError as error:
        return _unread(document, field_errors(error.errors(include_url=False, include_input=False)))
    if event.type.startswith(RESERVED):
        return _unread(document, [FieldError("type", OWN_TYPE)])
    return event


def _unread(document: Any, errors: Iterable[FieldError]) -> Unread:
    id_ = document.get("id") if isinstance(document, dict) else None
    return Unread(Result(id_ if isinstance(id_, str) else None, "rejected", errors=tuple(errors)))
