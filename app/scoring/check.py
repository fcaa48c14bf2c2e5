"""What must hold between the parts of a rubric document; each part by itself is the models' business."""

from collections.abc import Iterator, Mapping
from typing import TypeGuard

from app.documents.wording import did_you_mean
from app.errors import FieldError

RESERVED_IDS = ("floor", "adjustment")
_MOST = 200


def faults(document: object) -> list[FieldError]:
    """Every contradiction, in the order of the document; parts of the wrong kind are passed over."""
    return [
        *_ids(_items(document, "rules"), under="rules"),
        *_groups(document),
        *_ids(_items(document, "fit", "rules"), under="fit.rules"),
        *_distinct(_entries(document, "fit", "grades"), under="fit.grades"),
        *_distinct(_entries(document, "bands"), under="bands"),
        *_handoff(document),
    ]


def _ids(rules: list[object], *, under: str) -> Iterator[FieldError]:
    seen: dict[str, int] = {}
    for position, rule in enumerate(rules):
        name = _at(rule, "id")
        if not isinstance(name, str):
            continue
        path = f"{under}.{position}.id"
        if name in RESERVED_IDS:
            yield FieldError(path, f'must not be "{name}", which names a line of the service itself')
        elif name in seen:
            yield FieldError(path, f'must be unique, but "{name}" is already the id of {under}.{seen[name]}')
        seen.setdefault(name, position)


def _groups(document: object) -> Iterator[FieldError]:
    known = list(_entries(document, "groups"))[:_MOST]
    for position, rule in enumerate(_items(document, "rules")):
        group = _at(rule, "group")
        if isinstance(group, str) and group not in known:
            yield FieldError(f"rules.{position}.group", _unknown(group, known, where="groups"))


def _distinct(levels: Mapping[str, object], *, under: str) -> Iterator[FieldError]:
    seen: dict[object, str] = {}
    for name, level in levels.items():
        if not _is_small(level):
            continue
        if level in seen:
            message = f'must differ from "{seen[level]}", which begins at {level:,g} too'
            yield FieldError(f"{under}.{name}", message)
        seen.setdefault(level, name)


def _handoff(document: object) -> Iterator[FieldError]:
    grade, grades = _at(document, "handoff", "gates", "min_grade"), list(_entries(document, "fit", "grades"))
    at, below = _at(document, "handoff", "at"), _at(document, "handoff", "rearm_below")
    if _is_small(at) and _is_small(below) and below > at:
        message = f"must be at most {at:,g}, the value of handoff.at (it is {below:,g})"
        yield FieldError("handoff.rearm_below", message)
    if isinstance(grade, str) and grade not in grades:
        yield FieldError("handoff.gates.min_grade", _unknown(grade, grades, where="fit.grades"))


def _is_small(value: object) -> TypeGuard[float]:
    """Whether it is a number that can be shown; what is larger the models refuse."""
    return isinstance(value, int | float) and abs(value) < 10**15


def _unknown(name: str, known: list[str], *, where: str) -> str:
    if not known:
        return f'must be one of {where}, but there are none; "{name}" is not known'
    return f'must be one of {where} ({", ".join(known)}), not "{name}"{did_you_mean(name, known)}'


def _at(document: object, *path: str) -> object:
    for name in path:
        if not isinstance(document, Mapping):
            return None
        document = document.get(name)
    return document


def _items(document: object, *path: str) -> list[object]:
    found = _at(document, *path)
    return list(found) if isinstance(found, list | tuple) else []


def _entries(document: object, *path: str) -> Mapping[str, object]:
    found = _at(document, *path)
    return found if isinstance(found, Mapping) else {}
