"""How hand-offs ended: counts, value and conversion, added up one by one."""

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

OUTCOMES = ("converted", "accepted", "rejected", "unreachable")
"""What a person may say came of a call."""

WITHDRAWN = "withdrawn"
"""Nobody was to be called after all."""


@dataclass
class Endings:
    """So many hand-offs ended so; values are added as the decimals that they are written as."""

    outcomes: Counter[str] = field(default_factory=Counter)
    total: Decimal = Decimal()

    def add(self, outcome: str, value: float | None) -> None:
        """Count a hand-off that ended."""
        self.outcomes[outcome] += 1
        if value is not None:
            self.total += Decimal(repr(value))

    @property
    def called(self) -> int:
        """Those in which a call was made, whatever came of it."""
        return sum(self.outcomes[outcome] for outcome in OUTCOMES)

    @property
    def conversion_rate(self) -> float | None:
        """Converted among called, 0 to 1; None if nobody was called."""
        return round(self.outcomes["converted"] / self.called, 4) if self.called else None
