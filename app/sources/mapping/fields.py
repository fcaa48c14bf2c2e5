"""The kinds of value that a mapping is made of, each with its limits and a sentence for when it is wrong."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from app.documents.parts import Lenient, wrong
from app.sources.mapping.expression import Find

HEADER = r"^[A-Za-z0-9-]+$"
BODY_PATH = r"^[^.{}]+(\.[^.{}]+)*$"
PATTERNS = {
    HEADER: "must be the name of a header, such as X-Signature",
    BODY_PATH: "must be names joined by single dots, such as signature.token",
}


class _OrOne:
    """Lets the JSON Schema of a list admit one alone, too."""

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        several = handler(core)
        return {"anyOf": [several["items"], several]}


def _listed(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


OrOne = (BeforeValidator(_listed), _OrOne())
FirstOf = Annotated[tuple[Find, ...], Lenient, Field(min_length=1, max_length=20), *OrOne]
HeaderName = Annotated[str, Field(max_length=100, pattern=HEADER)]
BodyPath = Annotated[str, Field(max_length=200, pattern=BODY_PATH)]
Sentence = Annotated[str, Field(min_length=1, max_length=1_000)]


def exactly_one_of(names: tuple[str, ...], given: Mapping[str, Any]) -> None:
    """Refuse a part that has none or several of these."""
    found = [name for name in names if given.get(name) is not None]
    if len(found) != 1:
        which = f"; it has {' and '.join(found)}" if found else ""
        raise wrong(f"must have exactly one of {', '.join(names)}{which}")
