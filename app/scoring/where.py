"""Which events a rule is about: tests on their properties, and the persona of who acted."""

from collections.abc import Mapping
from typing import Annotated, Self, cast

from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from app.documents.parts import Lenient, Name, Part, tidy, wrong
from app.scoring.fields import AnyScalar, Number, PropertyPath, Text


class PropertyTest(Part):
    """What one property must be; all the operators given must hold."""

    is_: AnyScalar | None = Field(None, alias="is", description="Equal, and of the same type.")
    in_: Annotated[tuple[AnyScalar, ...], Lenient, Field(min_length=1, max_length=1000)] | None = Field(
        None, alias="in", description="Equal to one of these."
    )
    at_least: Number | None = Field(None, description="A number not below this.")
    at_most: Number | None = Field(None, description="A number not above this.")
    more_than: Number | None = Field(None, description="A number above this.")
    less_than: Number | None = Field(None, description="A number below this.")
    starts_with: Text | None = Field(None, description="Text that begins with this.")
    ends_with: Text | None = Field(None, description="Text that ends with this.")
    contains: AnyScalar | None = Field(
        None, description="Text with this in it, or a list with this as a member."
    )
    exists: bool | None = Field(None, description="true: present and not null; false: missing or null.")

    @model_validator(mode="before")
    @classmethod
    def _read_bare(cls, value: object) -> object:
        match value:
            case None:
                raise wrong("must not be empty; to ask for a missing property write {exists: false}")
            case list() | tuple():
                raise wrong("must be one value; to allow several write {in: [...]}")
            case Mapping():
                return _refuse_nulls(value)
            case _:
                return {"is": value}

    @model_validator(mode="after")
    def _say_something(self) -> Self:
        if not self.document():
            raise wrong("must have at least one operator")
        return self

    def document(self) -> dict[str, object]:
        """Operators and their operands, canonical."""
        return cast("dict[str, object]", tidy(self.model_dump(by_alias=True, exclude_none=True)))


def _refuse_nulls(test: Mapping[object, object]) -> Mapping[object, object]:
    empty = [str(name) for name, operand in test.items() if operand is None]
    if empty:
        raise wrong(f"must have a value for {', '.join(empty)}")
    return test


class _OrBareValue:
    """Lets the JSON Schema of a test admit the short form too."""

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        bare = {"type": ["string", "number", "boolean"], "description": "Short for `is`."}
        return {"anyOf": [handler(core), bare]}


Where = Annotated[
    dict[PropertyPath, Annotated[PropertyTest, _OrBareValue()]],
    Field(
        max_length=20,
        title="Where",
        description="Dotted property paths and what must hold for each; a bare value means `is`.",
    ),
]


class Who(Part):
    """Whose events a rule is about."""

    persona: Annotated[tuple[Name, ...], Lenient] = Field(
        min_length=1, max_length=20, description="Only contacts of one of these personas."
    )


def where_document(where: Mapping[str, PropertyTest]) -> dict[str, dict[str, object]]:
    """A `where` in its long form, as plain data."""
    return {path: test.document() for path, test in where.items()}
