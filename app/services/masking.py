"""Secrets of a source do not show in what is kept of its requests, nor in what is shown of them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote, quote_plus

MASK = "***"
CREDENTIALS = frozenset({"authorization", "cookie", "proxy-authorization", "x-write-key"})
"""Headers that say nothing else."""


def masked(text: str, secrets: Sequence[str]) -> str:
    """The text with a mask for each secret in it, also as JSON or a form writes it."""
    for form in _forms(secrets):
        text = text.replace(form, MASK)
    return text


def without_credentials(values: Mapping[str, str], secrets: Sequence[str]) -> dict[str, str]:
    """Headers or parameters; those that are or hold a secret have a mask for a value."""
    return {
        name: MASK if name in CREDENTIALS or masked(value, secrets) != value else value
        for name, value in values.items()
    }


def _forms(secrets: Sequence[str]) -> Iterator[str]:
    """Longer ones first, or of one that begins with another the rest would show."""
    known = (each.strip() for each in secrets)
    forms = {
        form
        for secret in known
        if secret
        for form in (secret, json.dumps(secret)[1:-1], quote(secret, safe=""), quote_plus(secret))
    }
    yield from sorted(forms, key=len, reverse=True)
