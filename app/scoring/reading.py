"""From what a person wrote to a rubric, or to everything that is wrong with it."""

from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from typing import Any

from pydantic import ValidationError

from app.documents.parts import printable
from app.documents.plain import Unreadable, plain_data
from app.documents.schema import plain_schema
from app.documents.wording import in_plain_words, summary
from app.errors import FieldError, RubricInvalid
from app.scoring.check import faults
from app.scoring.fields import PATTERNS
from app.scoring.rubric import Rubric


def read_rubric(document: bytes | str | Mapping[str, object]) -> Rubric:
    """The rubric in YAML or JSON text or in parsed data; RubricInvalid names everything that is wrong."""
    data = document if isinstance(document, Mapping) else _data(document)
    try:
        return Rubric.model_validate(data)
    except ValidationError as invalid:
        details = invalid.errors(include_url=False)
    # What concerns the rubric as a whole, `faults` reports with a path of its own.
    parts = [detail for detail in details if detail["loc"] != () or detail["type"] != "plain"]
    found = [*in_plain_words(parts, _schema(), patterns=PATTERNS), *faults(data)]
    errors = [FieldError(printable(fault.path), printable(fault.message)) for fault in found]
    raise RubricInvalid(summary(errors), errors=errors) from None


def rubric_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a rubric, for editors and forms."""
    return deepcopy(_schema())


def _data(document: bytes | str) -> object:
    try:
        return plain_data(document)
    except Unreadable as error:
        raise RubricInvalid("The rubric could not be read.", errors=[FieldError("", str(error))]) from None


@cache
def _schema() -> dict[str, Any]:
    return plain_schema(Rubric)
