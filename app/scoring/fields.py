"""The kinds of value that a rubric is made of, each with its limits and a sentence for when it is wrong."""

import math
import re
from collections.abc import Mapping
from functools import cache
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, Strict, WithJsonSchema
from pydantic_core import PydanticCustomError

EVENT_TYPE = r"^[a-z0-9_]+(\.[a-z0-9_]+)*$"
RULE_ID = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
PROPERTY_PATH = r"^[^.]+(\.[^.]+)*$"
CLOCK = r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"
RESERVED_TYPES = "score."
MOST_POINTS = 1_000_000
MOST_DAYS = 3650
_LARGEST_WHOLE = 2**63

Scalar = str | bool | int | float


def wrong(sentence: str) -> PydanticCustomError:
    """An error whose message is a plain sentence of ours; pydantic would read braces as placeholders."""
    return PydanticCustomError("plain", "{sentence}", {"sentence": sentence})


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


def _clean(text: str) -> str:
    if not all(letter.isprintable() or letter == " " for letter in text):
        raise wrong("must not contain control characters")
    return text


def _thousandths(points: float) -> float:
    if round(points, 3) != points:
        raise wrong("must have at most 3 decimals")
    return points


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


def _clock(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(CLOCK, value):
        raise wrong("must be a time such as 09:00, from 00:00 to 24:00")
    return value


def _number(value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong("must be a number")
    # In this order: a whole number can be too large to be made a float.
    if abs(value) > _LARGEST_WHOLE or not math.isfinite(value):
        raise wrong("must be a finite number of at most 19 digits")
    return value


def _text(value: str) -> str:
    if not 1 <= len(value) <= 500:
        raise wrong("must have 1 to 500 characters")
    return _clean(value)


def _some_text(value: object) -> str:
    if not isinstance(value, str):
        raise wrong("must be text")
    return _text(value)


def _scalar(value: object) -> Scalar:
    match value:
        case bool():
            return value
        case str():
            return _text(value)
        case int() | float():
            return _number(value)
        case _:
            raise wrong("must be text, a number, true or false")


class Part(BaseModel):
    """Base of every part of a rubric: immutable, strictly typed, without unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


Lenient = Strict(strict=False)  # a list from JSON may become a tuple
Name = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_clean)]
Title = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_clean)]
RuleId = Annotated[str, Field(min_length=1, max_length=64, pattern=RULE_ID)]
EventType = Annotated[str, Field(max_length=100, pattern=EVENT_TYPE), AfterValidator(_unreserved)]
PropertyPath = Annotated[str, Field(max_length=200, pattern=PROPERTY_PATH), AfterValidator(_clean)]
TimeZone = Annotated[str, AfterValidator(_zone)]
Clock = Annotated[str, PlainValidator(_clock), WithJsonSchema({"type": "string", "pattern": CLOCK})]
Points = Annotated[
    float, Field(ge=-MOST_POINTS, le=MOST_POINTS, allow_inf_nan=False), AfterValidator(_thousandths)
]
Above = Annotated[float, Field(gt=0, le=MOST_POINTS, allow_inf_nan=False), AfterValidator(_thousandths)]
Days = Annotated[int, Field(ge=1, le=MOST_DAYS)]
Number = Annotated[int | float, PlainValidator(_number), WithJsonSchema({"type": "number"})]
Text = Annotated[str, PlainValidator(_some_text), WithJsonSchema({"type": "string", "maxLength": 500})]
AnyScalar = Annotated[
    Scalar, PlainValidator(_scalar), WithJsonSchema({"type": ["string", "number", "boolean"]})
]
