"""What a platform calls an event, and what tells it from all others."""

import json
from collections.abc import Sequence

from app.sources.event import MAX_INTEGER
from app.sources.mapping.document import ANY, SEPARATOR, TypeTable


def type_name(value: object) -> str:
    """How a table writes a part of a type. Raises ValueError if it is neither text nor whole number."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case str() | int():
            return str(value)
        case _:
            raise ValueError(f"the type is neither a text nor a whole number: {value!r:.80}")


def looked_up(types: TypeTable, names: Sequence[str]) -> str:
    """The first line of the table that fits, or what holds otherwise."""
    for line, type_ in types.table.items():
        wanted = line.split(SEPARATOR) if len(names) > 1 else [line]
        if line == ANY or all(one in {ANY, name} for one, name in zip(wanted, names, strict=True)):
            return type_
    return types.otherwise


def written(parts: Sequence[object]) -> str:
    """The parts as a JSON list of fixed length: no separator that a value could contain."""
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def readable(value: object) -> object:
    """A number too long for most readers of JSON as text."""
    is_long = isinstance(value, int) and not isinstance(value, bool) and abs(value) > MAX_INTEGER
    return str(value) if is_long else value
