"""The reference of rubrics and mappings, from their JSON Schemas, and of the presets, from themselves."""

import json
from collections.abc import Iterator
from typing import Any

from app.scoring.reading import rubric_schema
from app.sources.mapping.reading import mapping_schema
from app.sources.mapping.verification import ByPath, Verify
from app.sources.presets import preset
from app.sources.registry import PRESETS

Schema = dict[str, Any]

NEEDED = {"required": "needed", "later": "given once the platform has made it", "optional": "optional"}
HEADINGS = "| field | what | default | meaning |\n|---|---|---|---|"
LIMITS = (
    ("minimum", "maximum", ""),
    ("minLength", "maxLength", " characters"),
    ("minItems", "maxItems", " entries"),
    ("minProperties", "maxProperties", " entries"),
)


def rubric() -> str:
    """A section for the rubric and for each part of it, in the order in which one meets them."""
    return _sections("Rubric", rubric_schema())


def mapping() -> str:
    """The same for the mapping."""
    return _sections("Mapping", mapping_schema())


def presets() -> str:
    """A section for each preset: how it is verified, what becomes of what, what nobody has seen yet."""
    return "\n".join(_preset(kind) for kind in sorted(PRESETS))


def _preset(kind: str) -> str:
    document = preset(kind).document
    types = {"any": document.type} if isinstance(document.type, str) else document.type.table
    rows = [f"| `{name.replace('|', ' ')}` | `{type_}` |" for name, type_ in types.items()]
    unseen = [f"- {each}." for each in document.uncertain]
    return "\n".join(
        [
            f"### {document.name}",
            "",
            f"`{kind}`. {_proof(document.verify)} [The mapping](../../app/sources/presets/{kind}.yaml).",
            "",
            "| what the platform calls it | becomes |",
            "|---|---|",
            *rows,
            "",
            "Not yet seen in a real account:",
            "",
            *unseen,
            "",
        ]
    )


def _proof(verify: Verify) -> str:
    if isinstance(verify, ByPath):
        return "No secret: the key in the URL is the only proof."
    return f"Proof: {verify.by}; the secret is {NEEDED[verify.secret]}."


def _sections(name: str, schema: Schema) -> str:
    return "\n".join(_section(part, inner) for part, inner in _parts(name, schema, schema["$defs"]))


def _parts(name: str, part: Schema, defs: Schema) -> Iterator[tuple[str, Schema]]:
    """The part and all that it refers to, each once."""
    seen, waiting = {name}, [(name, part)]
    while waiting:
        name, part = waiting.pop(0)
        yield name, part
        new = [each for each in _references(part.get("properties", {})) if each not in seen]
        seen.update(new)
        waiting = [*((each, defs[each]) for each in dict.fromkeys(new)), *waiting]


def _references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from [str(inner).rpartition("/")[2]] if key == "$ref" else _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def _section(name: str, part: Schema) -> str:
    required = part.get("required", [])
    rows = [
        f"| `{field}` | {_kind(schema)} | {_default(schema, required=field in required)} "
        f"| {schema.get('description', '').replace('|', '&#124;')} |"
        for field, schema in part["properties"].items()
    ]
    return "\n".join([f"### {name}", "", part.get("description", ""), "", HEADINGS, *rows, ""])


def _kind(schema: Schema) -> str:
    """What may stand there, in words, with its limits."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "const" in schema:
        return f"`{schema['const']}`"
    if schema.get("format") == "jmespath":
        return "expression"
    if "enum" in schema:
        return "one of " + ", ".join(f"`{value}`" for value in schema["enum"])
    choices = schema.get("oneOf") or schema.get("anyOf")
    if choices:
        return " or ".join(_kind(choice) for choice in choices)
    kind = schema["type"]
    words = " or ".join(kind) if isinstance(kind, list) else _container(schema) or kind
    limits = ", ".join(_limits(schema))
    return f"{words} ({limits})" if limits else words


def _limits(schema: Schema) -> Iterator[str]:
    if "exclusiveMinimum" in schema:
        yield f"more than {schema['exclusiveMinimum']:,}"
    for low, high, unit in LIMITS:
        if low in schema and high in schema:
            yield f"{schema[low]:,} to {schema[high]:,}{unit}"
        elif low in schema or high in schema:
            yield f"at least {schema[low]:,}{unit}" if low in schema else f"at most {schema[high]:,}{unit}"


def _container(schema: Schema) -> str:
    """A list or an object by what is in it; empty for a plain value."""
    if schema["type"] == "array":
        return f"list of {_kind(schema['items'])}"
    if schema["type"] != "object":
        return ""
    inner = next(iter(schema.get("patternProperties", {}).values()), None) or schema["additionalProperties"]
    names = schema.get("propertyNames", {}).get("enum")
    keys = ", ".join(f"`{name}`" for name in names) if names else "names"
    return f"{keys}, each with {_kind(inner)}"


def _default(schema: Schema, *, required: bool) -> str:
    if required:
        return "required"
    value = schema.get("default")
    if "$ref" in schema or value in (None, {}, [], ""):
        return "-"
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"
