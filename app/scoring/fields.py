"""The kinds of value that a rubric is made of, each with its limits and a sentence for when it is wrong."""

import math
import re
from typing import Annotated

from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema

from app.documents.parts import clean, wrong

RULE_ID = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
PROPERTY_PATH = r"^[^.]+(\.[^.]+)*$"
PATTERNS = {
    RULE_ID: "must begin with a letter or digit and have only letters, digits, dots, - and _",
    PROPERTY_PATH: "must be a property, or names joined by single dots for one inside another",
}
CLOCK = r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"
MOST_POINTS = 1_000_000
MOST_DAYS = 3650
_LARGEST_WHOLE = 2**63

Scalar = str | bool | int | float


def _thousandths(points: float) -> float:
    if round(points, 3) != points:
        raise wrong("must have at most 3 decimals")
    return points


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
    return clean(value)


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


RuleId = Annotated[str, Field(min_length=1, max_length=64, pattern=RULE_ID)]
PropertyPath = Annotated[str, Field(max_length=200, pattern=PROPERTY_PATH), AfterValidator(clean)]
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
