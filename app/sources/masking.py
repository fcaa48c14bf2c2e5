"""Properties of an event out of a platform's fields: no address of the reader's, links with their path."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from app.sources.event import MAX_DEPTH

# Also as it stands in a link, jo%40acme.example; bounded, so that no text takes long to search.
ADDRESS = re.compile(r"[\w.%+'-]{1,64}(?:@|%40)[\w-]{1,63}(?:\.[\w-]{1,63})+", re.IGNORECASE)
MASK = "(address)"


def told(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that say something, without e-mail addresses. Raises ValueError for absurd depth.

    A link or a bounce's reason often repeats the reader's address; people are erased by name, not by search.
    """
    return {key: _masked(value) for key, value in fields.items() if value is not None}


def link(url: object) -> dict[str, str]:
    """`url` and, for rules, its `path`; nothing if it is no text."""
    if not isinstance(url, str) or not url:
        return {}
    try:
        return {"url": url, "path": urlsplit(url).path or "/"}
    except ValueError:  # a link that no browser would follow is still the one that was clicked
        return {"url": url}


def _masked(value: Any, depth: int = 2) -> Any:
    if isinstance(value, str):
        return ADDRESS.sub(MASK, value)
    if not isinstance(value, list | dict):
        return value
    if depth > MAX_DEPTH:
        raise ValueError(f"`properties` must not be nested deeper than {MAX_DEPTH}")
    if isinstance(value, list):
        return [_masked(each, depth + 1) for each in value]
    return {key: _masked(each, depth + 1) for key, each in value.items()}
