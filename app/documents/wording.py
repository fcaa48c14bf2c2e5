"""Says in plain words what pydantic found wrong."""

import json
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import cast

from pydantic.json_schema import JsonSchemaValue
from pydantic_core import ErrorDetails

from app.documents.parts import EVENT_TYPE
from app.errors import FieldError

Place = tuple[int | str, ...]

_EVENT_TYPE = "must look like email.opened: lower-case letters, digits and _, in parts joined by dots"
_SENTENCES = {
    "string_type": "must be text",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "tuple_type": "must be a list",
    "dict_type": "must be an object, that is, names with values",
    "model_type": "must be an object, that is, names with values",
    "string_unicode": "must be text without broken characters",
    "greater_than": "must be more than {gt:,.15g}",
    "greater_than_equal": "must be at least {ge:,.15g}",
    "less_than_equal": "must be at most {le:,.15g}",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must have at least {min_length} entry",
    "too_long": "must have at most {max_length} entries",
}
_LONGEST_SHOWN = 80
_MOST_COMPARED = 200


def in_plain_words(
    details: Sequence[ErrorDetails], schema: JsonSchemaValue, *, patterns: Mapping[str, str]
) -> list[FieldError]:
    """Path, what is allowed, and the value.

    `schema` knows which names are allowed where; `patterns` says what each regular expression in it means.
    """
    sentences = {EVENT_TYPE: _EVENT_TYPE, **patterns}
    return [_fault(detail, schema, sentences) for detail in details if _is_news(detail)]


def summary(errors: Sequence[FieldError]) -> str:
    """One sentence about the first error, and how many more there are."""
    first = errors[0]
    more = {1: "", 2: " There is 1 more error."}.get(
        len(errors), f" There are {len(errors) - 1} more errors."
    )
    end = "" if first.message.endswith("?") else "."
    return f"{first.path or 'The document'} {first.message}{end}{more}"


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """A hint for a slip of the pen, or nothing."""
    # Comparing is slow for long names and many of them, and anybody may send those.
    compared = [each[:_LONGEST_SHOWN] for each in known[:_MOST_COMPARED]]
    close = get_close_matches(name[:_LONGEST_SHOWN], compared, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _is_news(detail: ErrorDetails) -> bool:
    """Not what only follows from another error."""
    match detail["type"]:
        case "default_factory_not_called":
            return False
        case "too_short":
            return not detail["input"]
        case _:
            return True


def _fault(detail: ErrorDetails, schema: JsonSchemaValue, patterns: Mapping[str, str]) -> FieldError:
    place = _place(detail["loc"])
    if detail["type"] == "extra_forbidden":
        message = _not_known(str(place[-1]), _allowed(place[:-1], schema))
    else:
        message = _message(detail, patterns)
    return FieldError(".".join(map(str, place)), message)


def _place(loc: Place) -> Place:
    """Where a person would say it is: without the marks for a key (pydantic's) and a kind (ours: ~)."""
    return tuple(part for part in loc if part != "[key]" and not str(part).startswith("~"))


def _message(detail: ErrorDetails, patterns: Mapping[str, str]) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    match kind:
        case "missing":
            return "is required"
        case "literal_error":
            sentence = "must be one of " + context["expected"].replace("'", "").replace(" or ", ", ")
        case "string_pattern_mismatch":
            sentence = patterns[context["pattern"]]
        case _:
            sentence = _SENTENCES[kind].format(**context) if kind in _SENTENCES else detail["msg"]
    return f"{sentence} (it is {_shown(detail['input'])})"


def _shown(value: object) -> str:
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "..."


def _not_known(name: str, allowed: list[str]) -> str:
    return f"is not known here; allowed are {', '.join(allowed)}{did_you_mean(name, allowed)}"


def _allowed(place: Place, schema: JsonSchemaValue) -> list[str]:
    """The names of the fields at this place."""
    nodes = _readings(schema, schema["$defs"])
    for part in place:
        steps = [_step(node, part) for node in nodes]
        nodes = [reading for step in steps if step for reading in _readings(step, schema["$defs"])]
    return list(dict.fromkeys(name for node in nodes for name in node.get("properties", {})))


def _readings(node: JsonSchemaValue, defs: JsonSchemaValue) -> list[JsonSchemaValue]:
    """The plain schemas that a reference or a choice stands for."""
    if "$ref" in node:
        return _readings(defs[node["$ref"].rpartition("/")[2]], defs)
    choices = node.get("anyOf") or node.get("oneOf")
    return [reading for one in choices for reading in _readings(one, defs)] if choices else [node]


def _step(node: JsonSchemaValue, part: int | str) -> JsonSchemaValue | None:
    if isinstance(part, int):
        return cast("JsonSchemaValue | None", node.get("items"))
    named, patterned = node.get("properties", {}), node.get("patternProperties", {})
    return cast("JsonSchemaValue | None", named.get(part) or next(iter(patterned.values()), None))
