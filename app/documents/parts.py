"""What documents that people write are made of: parts, names, and errors in plain sentences."""

from collections.abc import Mapping
from functools import cache
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict
from pydantic_core import PydanticCustomError

EVENT_TYPE = r"^[a-z0-9_]+(\.[a-z0-9_]+)*$"
RESERVED_TYPES = "score."


def printable(text: str) -> str:
    """Without the halves of characters that JSON escapes can smuggle in and UTF-8 cannot carry out."""
    return text.encode(errors="replace").decode()


def wrong(sentence: str) -> PydanticCustomError:
    """An error whose message is a plain sentence of ours; pydantic would read braces as placeholders."""
    return PydanticCustomError("plain", "{sentence}", {"sentence": printable(sentence)})


def tidy(value: object) -> object:
    """JSON-able data in canonical form: 30.0 is 30, tuples are lists, empty lists and objects are gone."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, Mapping):
        inside = {key: tidy(one) for key, one in value.items()}
        return {key: one for key, one in inside.items() if one not in ({}, [])}
    if isinstance(value, list | tuple):
        return [tidy(one) for one in value]
    return value


def clean(text: str) -> str:
    """Refuse control characters."""
    if not all(letter.isprintable() or letter == " " for letter in text):
        raise wrong("must not contain control characters")
    return text


def _unreserved(event_type: str) -> str:
    if event_type.startswith(RESERVED_TYPES):
        raise wrong("must not begin with score. because those types are the service's own")
    return event_type


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _zone(name: str) -> str:
    if name not in _zones():
        raise wrong("must be an IANA time zone such as UTC, Europe/Berlin or America/Denver")
    return name


class Part(BaseModel):
    """Base of every part of a document: immutable, strictly typed, without unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


Lenient = Strict(strict=False)  # a list from JSON may become a tuple
Name = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(clean)]
Title = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(clean)]
TimeZone = Annotated[str, AfterValidator(_zone)]
EventType = Annotated[str, Field(max_length=100, pattern=EVENT_TYPE), AfterValidator(_unreserved)]
