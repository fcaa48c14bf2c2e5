"""The JSON Schema of a document, for editors and forms."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema


def plain_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON Schema (2020-12) of what a person writes."""
    schema = model.model_json_schema(by_alias=True, schema_generator=_PlainSchema)
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
