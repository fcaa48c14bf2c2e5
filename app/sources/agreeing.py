"""What several requests tell of one event becomes one telling: the same, whichever of them came first."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.sources.event import canonical, contact_key, is_erased

Facts = Mapping[str, Any]


def agreed(told: Sequence[Facts]) -> dict[str, Any]:
    """Of each fact what is told, and where that is several things always the same of them.

    An address goes before another name of the contact. What is None is not told. It makes no difference
    whether all is agreed at once or bit by bit, or something is told again.
    """
    facts = _least(told)
    facts["properties"] = _least([each.get("properties") or {} for each in told])
    contacts = [contact_key(each["contact"]) for each in told if each.get("contact")]
    return facts | ({"contact": min(contacts, key=_rank)} if contacts else {})


def _rank(contact: str) -> tuple[bool, bool, str]:
    """Who was erased stays so, though an earlier request that comes again should name them."""
    return not is_erased(contact), "@" not in contact, contact


def _least(told: Sequence[Facts]) -> dict[str, Any]:
    values: dict[str, list[Any]] = {}
    for facts in told:
        for name, value in facts.items():
            if value is not None:
                values.setdefault(name, []).append(value)
    return {name: min(some, key=lambda value: canonical((value,))) for name, some in sorted(values.items())}
