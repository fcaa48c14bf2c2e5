"""What scores must be, from the rubric and what was told: plain Python, none of the service's own."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from app.scoring.rubric import Rubric, Rule
from app.scoring.signal import signal_of
from tests.scoring import reference

DAY_ONE = date(1970, 1, 1).toordinal()

TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "is": lambda value, wanted: type(value) is type(wanted) and value == wanted,
    "starts_with": lambda value, wanted: isinstance(value, str) and value[: len(wanted)] == wanted,
    "at_least": lambda value, wanted: isinstance(value, int | float) and value >= wanted,
}
"""The operators that the tests' rubrics use."""


@dataclass(frozen=True)
class Fact:
    """A human event, as the one who sent it knows it."""

    partner: str
    type: str
    at: datetime
    properties: Mapping[str, Any] = field(default_factory=dict)
    persona: str | None = None


def day_number(at: datetime, zone: str) -> int:
    """Days since 1970-01-01 in a time zone."""
    return at.astimezone(ZoneInfo(zone)).date().toordinal() - DAY_ONE


def scores(rubric: Rubric, facts: Iterable[Fact], *, now: datetime) -> dict[str, float]:
    """The score of every partner that did something, with 6 decimals."""
    counts: dict[str, Counter[tuple[int, int]]] = {}
    for fact in facts:
        happened = {signal_of(rule).key for rule in rubric.rules if matches(rule, fact)}
        counts.setdefault(fact.partner, Counter()).update(
            (signal, day_number(fact.at, rubric.time_zone)) for signal in happened
        )
    today = day_number(now, rubric.time_zone)
    return {
        partner: round(reference.score(rubric, each, _no_adjustments(), today=today), 6)
        for partner, each in counts.items()
    }


def matches(rule: Rule, fact: Fact) -> bool:
    """Whether the event is what the rule is about."""
    return (
        rule.on == fact.type
        and (rule.who is None or fact.persona in rule.who.persona)
        and all(
            TESTS[name](fact.properties.get(path), wanted)
            for path, test in rule.where.items()
            for name, wanted in test.document().items()
        )
    )


def _no_adjustments() -> dict[int, Fraction]:
    return {}
