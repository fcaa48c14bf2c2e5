"""From what a person wrote to a mapping, or to everything that is wrong with it."""

from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from typing import Any

from pydantic import ValidationError

from app.documents.parts import printable
from app.documents.plain import Unreadable, plain_data
from app.documents.schema import plain_schema
from app.documents.wording import in_plain_words, summary
from app.errors import FieldError, Invalid
from app.sources.mapping.document import MappingDocument
from app.sources.mapping.fields import PATTERNS


def read_mapping(document: bytes | str | Mapping[str, object]) -> MappingDocument:
    """The mapping in YAML or JSON text or in parsed data; Invalid names everything that is wrong."""
    try:
        data = document if isinstance(document, Mapping) else plain_data(document)
        return MappingDocument.model_validate(data)
    except Unreadable as unreadable:
        errors = [FieldError("", str(unreadable))]
    except ValidationError as invalid:
        found = in_plain_words(invalid.errors(include_url=False), _schema(), patterns=PATTERNS)
        errors = [FieldError(printable(fault.path), printable(fault.message)) for fault in found]
    raise Invalid(summary(errors), errors=errors)


def mapping_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a mapping, for editors and forms."""
    return deepcopy(_schema())


@cache
def _schema() -> dict[str, Any]:
    return plain_schema(MappingDocument)
