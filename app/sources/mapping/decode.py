"""A request's body becomes data: gzip undone, then JSON or a form."""

import re
from typing import Any, Literal
from urllib.parse import parse_qsl

from app.errors import Malformed
from app.sources.adapter import Incoming
from app.sources.reading import inflated, loose_json

MOST_INFLATED = 4 * 1024 * 1024
MOST_FIELDS = 2_000
DEEPEST_FIELD = 16

_FIELD = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])+)")


def decoded(incoming: Incoming, kind: Literal["json", "form"], *, most: int = MOST_INFLATED) -> object:
    """The body as data. Raises Malformed, also if it is over `most` bytes."""
    body = inflated(incoming.body, incoming.headers.get("content-encoding", ""), most=most)
    return loose_json(body) if kind == "json" else nested(form_fields(body))


def form_fields(body: bytes) -> list[tuple[str, str]]:
    """The names and values of a form in their order. Raises Malformed if there are too many."""
    text = body.decode("utf-8", "surrogateescape")
    try:
        return parse_qsl(text, keep_blank_values=True, errors="surrogateescape", max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise Malformed(f"The body is no form of at most {MOST_FIELDS} fields.") from error


def nested(fields: list[tuple[str, str]]) -> Any:
    """Fields in objects as PHP's bracket keys say: contact[fields][x], and tags[] for a list.

    A field that contradicts an earlier one, such as a[b] after a, keeps its whole name.
    """
    top: dict[str, Any] = {}
    for name, value in fields:
        if not _put(top, _parts(name), value):
            top[name] = value
    return _listed(top)


def _put(inner: Any, parts: list[str], value: str) -> bool:
    """Whether there was room for it."""
    *way, last = parts
    for part in way:
        inner = inner.setdefault(part or str(len(inner)), {})
        if not isinstance(inner, dict):
            return False
    inner[last or str(len(inner))] = value
    return True


def _parts(name: str) -> list[str]:
    match = _FIELD.fullmatch(name)
    if match is None or match[2].count("[") >= DEEPEST_FIELD:
        return [name]
    return [match[1], *match[2][1:-1].split("][")]


def _listed(value: Any) -> Any:
    """An object whose names are 0, 1, 2 ... is what PHP calls a list."""
    if not isinstance(value, dict):
        return value
    inner = {name: _listed(each) for name, each in value.items()}
    is_list = bool(inner) and [*inner] == [str(n) for n in range(len(inner))]
    return [*inner.values()] if is_list else inner
