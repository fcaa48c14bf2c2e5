"""The one evaluator of `where`: does every test hold for these properties?"""

import operator
from collections.abc import Callable, Mapping
from typing import cast

Operator = Callable[[object, object], bool]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(value: object, wanted: object) -> bool:
    """Equal and of the same JSON type, so that true is not 1 and "30" is not 30."""
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    return value == wanted


def _one_of(value: object, wanted: object) -> bool:
    return any(_same(value, one) for one in cast("list[object]", wanted))


def _comparison(compare: Callable[[float, float], bool]) -> Operator:
    return lambda value, bound: _is_number(value) and compare(cast("float", value), cast("float", bound))


def _starts_with(value: object, start: object) -> bool:
    return isinstance(value, str) and value.startswith(cast("str", start))


def _ends_with(value: object, end: object) -> bool:
    return isinstance(value, str) and value.endswith(cast("str", end))


def _contains(value: object, wanted: object) -> bool:
    if isinstance(value, list):
        return any(_same(one, wanted) for one in value)
    return isinstance(value, str) and isinstance(wanted, str) and wanted in value


def _exists(value: object, wanted: object) -> bool:
    return (value is not None) is wanted


OPERATORS: Mapping[str, Operator] = {
    "is": _same,
    "in": _one_of,
    "at_least": _comparison(operator.ge),
    "at_most": _comparison(operator.le),
    "more_than": _comparison(operator.gt),
    "less_than": _comparison(operator.lt),
    "starts_with": _starts_with,
    "ends_with": _ends_with,
    "contains": _contains,
    "exists": _exists,
}


class Condition:
    """A compiled `where`: dotted property paths, each with a bare value or a mapping of operators."""

    def __init__(self, where: Mapping[str, object]) -> None:
        self._tests = [
            (path.split("."), OPERATORS[name], operand)
            for path, test in where.items()
            for name, operand in (test if isinstance(test, Mapping) else {"is": test}).items()
        ]

    def holds(self, properties: Mapping[str, object]) -> bool:
        """Whether every test holds; a missing property or null satisfies only `exists: false`."""
        return all(test(found_at(properties, path), operand) for path, test, operand in self._tests)


def found_at(properties: Mapping[str, object], path: list[str]) -> object:
    """What is there at the end of a path; None if nothing is."""
    found = properties.get(path[0])
    for part in path[1:]:
        if not isinstance(found, Mapping):
            return None
        found = found.get(part)
    return found
