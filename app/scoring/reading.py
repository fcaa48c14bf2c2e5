"""From what a person wrote to a rubric, or to everything that is wrong with it."""

from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from typing import Any

from pydantic import ValidationError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from app.errors import FieldError, RubricInvalid
from app.scoring.check import faults
from app.scoring.document import plain_data
from app.scoring.rubric import Rubric
from app.scoring.wording import in_plain_words, printable


def read_rubric(document: bytes | str | Mapping[str, object]) -> Rubric:
    """The rubric in YAML or JSON text or in parsed data; RubricInvalid names everything that is wrong."""
    data = document if isinstance(document, Mapping) else plain_data(document)
    try:
        return Rubric.model_validate(data)
    except ValidationError as invalid:
        details = invalid.errors(include_url=False)
    found = [*in_plain_words(details, _schema()), *faults(data)]
    errors = [FieldError(printable(fault.path), printable(fault.message)) for fault in found]
    raise RubricInvalid(_summary(errors), errors=errors) from None


def rubric_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a rubric, for editors and forms."""
    return deepcopy(_schema())


@cache
def _schema() -> dict[str, Any]:
    schema = Rubric.model_json_schema(by_alias=True, schema_generator=_PlainSchema)
    return {"$schema": _PlainSchema.schema_dialect, **schema}


class _PlainSchema(GenerateJsonSchema):
    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """What may be left out need not be offered as null."""
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """An absent default says nothing."""
        without = {name: value for name, value in super().default_schema(schema).items() if value is not None}
        if isinstance(without.get("default"), dict):
            without["default"] = {name: each for name, each in without["default"].items() if each is not None}
        return without


def _summary(errors: list[FieldError]) -> str:
    first = errors[0]
    more = {1: "", 2: " There is 1 more error."}.get(
        len(errors), f" There are {len(errors) - 1} more errors."
    )
    end = "" if first.message.endswith("?") else "."
    return f"{first.path or 'The document'} {first.message}{end}{more}"
