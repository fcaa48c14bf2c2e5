"""What happened, as the part of a rule that any rubric may share: event type, properties and persona."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Self, cast

from app.documents.parts import tidy
from app.scoring.condition import Condition
from app.scoring.rubric import Rubric, Rule
from app.scoring.where import where_document


@dataclass(frozen=True)
class Signal:
    """An event type, what must hold for the properties, and whose events: these personas' or anyone's."""

    on: str
    where: Mapping[str, Mapping[str, object]]
    who: tuple[str, ...]

    def __hash__(self) -> int:
        return self.key

    @cached_property
    def key(self) -> int:
        """The first 8 bytes of the SHA-256 of the canonical JSON, big-endian and signed."""
        return int.from_bytes(sha256(_canonical(self.document()).encode()).digest()[:8], "big", signed=True)

    @cached_property
    def _condition(self) -> Condition:
        return Condition(self.where)

    def document(self) -> dict[str, object]:
        """As JSON-able data, canonical."""
        return {"on": self.on, "where": self.where, "who": {"persona": list(self.who)} if self.who else {}}

    @classmethod
    def from_document(cls, document: Mapping[str, object]) -> Self:
        """The signal of a `document()`, or of a rule's on, where and who; equal meanings become equal."""
        where = cast("Mapping[str, object]", document.get("where") or {})
        who = cast("Mapping[str, list[str]]", document.get("who") or {})
        return cls(
            on=cast("str", document["on"]),
            where={path: _test(test) for path, test in sorted(where.items())},
            who=tuple(sorted(set(who.get("persona", ())))),
        )

    def holds(self, event_type: str, properties: Mapping[str, object], persona: str | None) -> bool:
        """Whether such an event is this signal."""
        return event_type == self.on and self.fits(properties, persona)

    def fits(self, properties: Mapping[str, object], persona: str | None) -> bool:
        """Whether an event of the signal's type is this signal."""
        return (not self.who or persona in self.who) and self._condition.holds(properties)


class SignalSet:
    """Many signals, indexed by event type."""

    def __init__(self, signals: Mapping[int, Signal]) -> None:
        self._by_type: dict[str, list[Signal]] = {}
        for signal in signals.values():
            self._by_type.setdefault(signal.on, []).append(signal)

    def matching(self, event_type: str, properties: Mapping[str, object], persona: str | None) -> list[int]:
        """The keys of the signals that such an event is."""
        signals = self._by_type.get(event_type, ())
        return [signal.key for signal in signals if signal.fits(properties, persona)]


def signal_of(rule: Rule) -> Signal:
    """What must happen for the rule to add its points."""
    who = rule.who.model_dump() if rule.who else {}
    return Signal.from_document({"on": rule.on, "where": where_document(rule.where), "who": who})


def signals_of(rubric: Rubric) -> dict[int, Signal]:
    """What must be tallied for a rubric, by key: its rules' signals and the types its gates require."""
    required = rubric.handoff.gates.require_any if rubric.handoff else ()
    bare = [Signal.from_document({"on": event_type}) for event_type in required]
    return {signal.key: signal for signal in [*map(signal_of, rubric.rules), *bare]}


def _test(test: object) -> dict[str, object]:
    operands = test if isinstance(test, Mapping) else {"is": test}
    return {name: _operand(operand) for name, operand in sorted(operands.items())}


def _operand(operand: object) -> object:
    plain = tidy(operand)
    if not isinstance(plain, list):
        return plain
    return [json.loads(one) for one in sorted({_canonical(one) for one in plain})]


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
