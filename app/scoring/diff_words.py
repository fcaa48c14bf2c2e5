"""How a difference between two rubrics is told, in the rubric's own words."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Place = tuple[str, ...]

_NAMED = {
    ("rules",),
    ("groups",),
    ("fit", "rules"),
    ("fit", "grades"),
    ("bands",),
    ("handoff", "rearm_after_days"),
}
_PLAIN = re.compile(r"[A-Za-z_/][^\s,\"]*")
_NO_TEXT = {"true", "false"}


@dataclass(frozen=True)
class _Said:
    """An amount and its unit: of two with the same unit, it is said once."""

    amount: str
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.amount} {self.unit}".rstrip()


_NOTHING = _Said("none")


@dataclass(frozen=True)
class _Saying:
    """How one field is told: `Subject 5 -> 4 points`; with a clause, also `Subject now at most 4 times`."""

    subject: str
    say: Callable[[Any], _Said]
    clause: str = ""

    def of(self, name: str, before: object, after: object) -> str:
        subject = self.subject.format(name)
        if self.clause and before is None:
            return f"{subject} now {self.clause} {self.say(after)}"
        if self.clause and after is None:
            return f"{subject} no longer {self.clause} {self.say(before)}"
        start = f"{subject} {self.clause}".rstrip()
        return f"{start} {_arrow(self._say(before), self._say(after))}"

    def _say(self, value: object) -> _Said:
        return _NOTHING if value is None else self.say(value)


def sentence(place: Place, before: object, after: object) -> str:
    """One line about what changed at a place; None stands for nothing."""
    kind, name = _kind(place)
    if kind in _ORDERS:
        return _ORDERS[kind].format(name)
    member = _MEMBERS.get(kind)
    if member and before is None:
        return f"new {member.noun} {name}: {member.describe(after)}"
    if member and after is None:
        return f"{member.noun} {name} removed"
    return _SAYINGS[kind].of(name, before, after)


def _kind(place: Place) -> tuple[str, str]:
    """The place with a * for the name that the user chose, and that name."""
    for depth in (1, 2):
        if place[:depth] in _NAMED and len(place) > depth:
            return ".".join([*place[:depth], "*", *place[depth + 1 :]]), place[depth]
    return ".".join(place), ""


def _arrow(before: _Said, after: _Said) -> str:
    same = before.unit == after.unit
    return f"{before.amount if same else before} -> {after}"


def _word(value: object) -> _Said:
    """Text as it is where nobody can misread it, else as in JSON."""
    plain = isinstance(value, str) and _PLAIN.fullmatch(value) and value not in _NO_TEXT
    return _Said(str(value) if plain else json.dumps(value, ensure_ascii=False))


def _in(unit: str) -> Callable[[float], _Said]:
    return lambda amount: _Said(str(amount), unit.removesuffix("s") if amount == 1 else unit)


def _times(cap: Mapping[str, Any]) -> _Said:
    return _per(_TIMES(cap["times"]), cap["per"])


def _capped(group: Mapping[str, Any]) -> _Said:
    cap = group["at_most"]
    return _per(_POINTS(cap["points"]), cap["per"])


def _per(said: _Said, per: str) -> _Said:
    return _Said(said.amount, f"{said.unit} {'ever' if per == 'ever' else f'a {per}'}")


def _working(hours: Mapping[str, Any]) -> _Said:
    return _Said(f"{' '.join(hours['days'])} {hours['from']}-{hours['to']}")


def _one_of(values: Sequence[object]) -> _Said:
    return _Said(" or ".join(str(_word(value)) for value in values))


def _personas(who: Mapping[str, Any]) -> _Said:
    return _one_of(who["persona"])


def _tests(where: Mapping[str, Mapping[str, object]]) -> _Said:
    tests = [
        f"{_word(path)} {operator} {_operand(operand)}"
        for path, test in where.items()
        for operator, operand in test.items()
    ]
    return _Said(" and ".join(tests))


def _operand(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(str(_word(one)) for one in value)}]"
    return str(_word(value))


def _rule(rule: Mapping[str, Any]) -> str:
    event = f"{_POINTS(rule['points'])} on {rule['on']}"
    return ", ".join([f"{event}{_where(rule)}", *_clauses(rule)])


def _clauses(rule: Mapping[str, Any]) -> list[str]:
    sayings = {field: _SAYINGS[f"rules.*.{field}"] for field in ("who", "at_most", "group")}
    return [
        f"{saying.clause} {saying.say(rule[field])}" for field, saying in sayings.items() if field in rule
    ]


def _fit_rule(rule: Mapping[str, Any]) -> str:
    return f"{_POINTS(rule['points'])}{_where(rule)}"


def _where(rule: Mapping[str, Any]) -> str:
    return f" where {_tests(rule['where'])}" if "where" in rule else ""


@dataclass(frozen=True)
class _Member:
    """What a named part is called, and how a new one is described."""

    noun: str
    describe: Callable[[Any], str]


_POINTS, _DAYS, _HOURS, _TIMES = _in("points"), _in("days"), _in("hours"), _in("times")

_ORDERS = {
    "rules": "rule order changed, but in no group",
    "fit.rules": "order of fit rules changed",
    "groups.*.order": "rule order in group {} changed",
}
_MEMBERS = {
    "rules.*": _Member("rule", _rule),
    "groups.*": _Member("group", lambda group: f"at most {_capped(group)}"),
    "fit.rules.*": _Member("fit rule", _fit_rule),
    "fit.grades.*": _Member("grade", str),
    "bands.*": _Member("band", str),
}
_SAYINGS = {
    "name": _Saying("name", _word),
    "time_zone": _Saying("time zone", _word),
    "rules.*.on": _Saying("{}: on", _word),
    "rules.*.points": _Saying("{}:", _POINTS),
    "rules.*.where": _Saying("{}:", _tests, clause="where"),
    "rules.*.who": _Saying("{}:", _personas, clause="only by"),
    "rules.*.at_most": _Saying("{}:", _times, clause="at most"),
    "rules.*.group": _Saying("{}:", _word, clause="in group"),
    "groups.*.at_most": _Saying("group {}: at most", lambda cap: _capped({"at_most": cap})),
    "fade.half_life_days": _Saying("half-life", _DAYS),
    "fade.window_days": _Saying("window", _DAYS),
    "floor": _Saying("floor", _word),
    "fit.rules.*.where": _Saying("fit rule {}: where", _tests),
    "fit.rules.*.points": _Saying("fit rule {}:", _POINTS),
    "fit.grades.*": _Saying("grade {}:", _word),
    "bands.*": _Saying("band {}:", _word),
    "handoff.at": _Saying("hand-off at", _word),
    "handoff.rearm_below": _Saying("re-arm below", _word),
    "handoff.rearm_after_days.*": _Saying("re-arm after {}:", _DAYS),
    "handoff.gates.min_grade": _Saying("hand-off:", _word, clause="only from grade"),
    "handoff.gates.min_contacts": _Saying("hand-off: at least", _in("contacts")),
    "handoff.gates.contacts_within_days": _Saying("hand-off: contacts of the last", _DAYS),
    "handoff.gates.require_any": _Saying("hand-off:", _one_of, clause="only with"),
    "handoff.gates.within_days": _Saying("hand-off: required events of the last", _DAYS),
    "handoff.hours": _Saying("hand-off:", _working, clause="with working hours"),
    "handoff.due_hours": _Saying("hand-off: due in", _HOURS),
    "handoff.max_event_age_days": _Saying("hand-off: opened by events of the last", _DAYS),
    "handoff.per_week": _Saying("hand-off:", _in("opened a week"), clause="at most"),
    "handoff.assign": _Saying("hand-off:", _word, clause="assigned by"),
    "handoff.max_claimed": _Saying("hand-off:", _in("claimed per person"), clause="at most"),
    "handoff.release_after_hours": _Saying("hand-off: an untouched claim", _HOURS, clause="ends after"),
}
