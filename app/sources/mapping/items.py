"""A body is split into items: a list at a place, the entries of an object, one for each recipient."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from app.sources.adapter import Refused
from app.sources.mapping.budget import Budget
from app.sources.mapping.document import Items
from app.sources.mapping.expression import Expression, Finder
from app.sources.mapping.scope import Scope
from app.sources.reading import MOST_ITEMS, TOO_MANY

STEPS = 500_000
DEEPEST = 64
TOO_DEEP = f"the item is nested deeper than {DEEPEST}"

Found = Scope | Refused
Put = Callable[[Scope, object], Scope]


def split(items: Items, scope: Scope) -> list[Found]:
    """Each item in a scope of its own, or refused; too many and the last is refused for all the rest."""
    found = [*islice(_split(items, scope), MOST_ITEMS + 1)]
    if len(found) > MOST_ITEMS:
        last = found[-1]
        found[-1] = Refused(last.item, TOO_MANY)
    return found


def without_depths(found: Sequence[Found]) -> Iterator[Found]:
    """The items, those refused that are nested so deeply that others could not write them down."""
    known: dict[int, bool] = {}
    for each in found:
        if id(each.item) not in known:
            known[id(each.item)] = _is_too_deep(each.item)
        if known[id(each.item)]:
            reason = each.reason if isinstance(each, Refused) else TOO_DEEP
            yield Refused(f"(nested deeper than {DEEPEST})", reason)
        else:
            yield each


def _is_too_deep(item: object) -> bool:
    level = [item]
    for _ in range(DEEPEST):
        level = [
            each
            for part in level
            if isinstance(part, dict | list)
            for each in (part.values() if isinstance(part, dict) else part)
        ]
        if not level:
            return False
    return True


def _split(items: Items, scope: Scope) -> Iterator[Found]:
    for first in _entries(items.entries, scope) if items.entries else _spread(items.at, scope, _as_item):
        for inner in _next(items.each, first, _as_inner):
            yield from _next(items.fan, inner, _as_fan)


def _next(
    expression: Expression | None, found: Found, put: Callable[[Scope, object], Scope]
) -> Iterator[Found]:
    if expression is None or isinstance(found, Refused):
        yield found
    else:
        yield from _spread(expression, found, put)


def _spread(expression: Expression, scope: Scope, put: Put) -> Iterator[Found]:
    """What the expression gives, one by one. The way there is paid for, not the body itself."""
    try:
        found = Finder(scope, Budget(STEPS)).all(expression)
        members = found if isinstance(found, list) else [found]
        if found is None:
            raise ValueError(f"`{expression.text}` gives nothing, and should give the items")
    except ValueError as error:
        yield Refused(scope.item, str(error))
        return
    yield from (put(scope, member) for member in members)


def _entries(expression: Expression, scope: Scope) -> Iterator[Found]:
    for found in _spread(expression, scope, _as_item):
        if isinstance(found, Refused) or not isinstance(found.item, dict):
            yield Refused(found.item, f"`{expression.text}` gives no object whose entries could be items")
            continue
        for key, value in found.item.items():
            members = value if isinstance(value, list) else [value]
            yield from (replace(scope, item=member, key=key) for member in members)


def _as_item(scope: Scope, member: object) -> Scope:
    return replace(scope, item=member)


def _as_inner(scope: Scope, member: object) -> Scope:
    return replace(scope, item=member, outer=scope.item)


def _as_fan(scope: Scope, member: object) -> Scope:
    return replace(scope, fan=member)
