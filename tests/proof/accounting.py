"""What clients sent and heard, against what is stored: Jepsen's total-queue, made stricter."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

TAKEN = {"accepted", "parked", "duplicate"}


@dataclass
class Account:
    """The log of all clients of a campaign, by event id."""

    attempted: set[str] = field(default_factory=set)
    acknowledged: set[str] = field(default_factory=set)
    indeterminate: set[str] = field(default_factory=set)
    recovered: set[str] = field(default_factory=set)

    def send(self, ids: Iterable[str]) -> None:
        """About to be sent."""
        self.attempted |= set(ids)

    def hear(self, results: Iterable[dict[str, Any]]) -> None:
        """An answer came: 200, with a result for each event."""
        for each in results:
            assert each["status"] in TAKEN, each
            # It was stored although nobody had said so.
            if each["status"] == "duplicate" and each["id"] in self.indeterminate - self.acknowledged:
                self.recovered.add(each["id"])
            self.acknowledged.add(each["id"])

    def hear_nothing(self, ids: Iterable[str]) -> None:
        """The connection broke, or the answer was an error."""
        self.indeterminate |= set(ids)

    def balance(self, stored: Iterable[str]) -> dict[str, set[str]]:
        """What must not be: `lost`, `unexpected` and `duplicated` ids."""
        times = Counter(stored)
        return {
            "lost": self.acknowledged - times.keys(),
            "unexpected": times.keys() - self.attempted,
            "duplicated": {id_ for id_, number in times.items() if number > 1},
        }


BALANCED: dict[str, set[str]] = {"lost": set(), "unexpected": set(), "duplicated": set()}
