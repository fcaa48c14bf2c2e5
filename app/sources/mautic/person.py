"""Who an item of Mautic's is about: it says so in one of four places."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.sources.names import name_of
from app.sources.reading import part

Item = Mapping[str, Any]


@dataclass(frozen=True)
class Person:
    """A Mautic contact; `fields` are its filled ones by alias, custom ones too."""

    name: str | None
    email: str | None
    fields: Mapping[str, Any]


def person_of(item: Item) -> Person:
    """The contact under `contact` or `lead`, or under the `lead` of a stat, hit or submission."""
    inner = part(item, "stat") or part(item, "hit") or part(item, "submission")
    card = part(inner, "lead") or part(inner, "contact") or part(item, "contact") or part(item, "lead")
    fields = _fields(card)
    id_ = name_of(card.get("id"))
    email = name_of(inner.get("emailAddress")) or name_of(fields.get("email")) or name_of(card.get("email"))
    return Person(f"mautic:{id_}" if id_ else None, email, fields)


def _fields(card: Item) -> dict[str, Any]:
    """Mautic groups fields, leaves groups as `[]` and the whole as `{}` or `[]`; `all` has bare values."""
    found: dict[str, Any] = {}
    for group in part(card, "fields").values():
        for alias, field in group.items() if isinstance(group, dict) else ():
            value = field.get("value") if isinstance(field, dict) else field
            if value not in (None, ""):
                found[alias] = value
    return found
