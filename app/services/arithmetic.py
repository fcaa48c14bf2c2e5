"""From rows named by partner to the arrays that pricing works on, and back."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from app.scoring.tally import Adjustments, Tallies
from app.services.rulebook import Rulebook
from app.store.ledger import LedgerEvent

ADJUSTED = "score.adjusted"
"""The reserved type of an adjustment's event."""


@dataclass
class Counts:
    """What events add to the tallies of their partners, all of it additive, and when the latest occurred."""

    tallies: Counter[tuple[str, int, int]] = field(default_factory=Counter)
    contacts: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    millipoints: Counter[tuple[str, int]] = field(default_factory=Counter)
    adjustments: Counter[tuple[str, int]] = field(default_factory=Counter)
    latest: dict[str, datetime] = field(default_factory=dict)

    def tally_rows(self) -> list[tuple[str, int, int, int]]:
        """As (partner, signal, day, count)."""
        return [(*key, count) for key, count in self.tallies.items() if count]

    def contact_rows(self) -> list[tuple[str, str, int, int]]:
        """As (partner, contact, day, count)."""
        return [(*key, count) for key, count in self.contacts.items() if count]

    def adjustment_rows(self) -> list[tuple[str, int, int, int]]:
        """As (partner, day, millipoints, count)."""
        return [
            (*key, self.millipoints[key], count)
            for key, count in self.adjustments.items()
            if count or self.millipoints[key]
        ]


def add_event(
    counts: Counts, rules: Rulebook, partner: str, event: LedgerEvent, *, times: int = 1
) -> list[int]:
    """Count a human event `times` (-1 takes it back) for `partner`; the signals that it matches."""
    day = rules.day_of(event.occurred_at)
    counts.latest[partner] = max(counts.latest.get(partner, event.occurred_at), event.occurred_at)
    if event.type == ADJUSTED:
        counts.adjustments[partner, day] += times
        counts.millipoints[partner, day] += times * adjustment_of(event)
        return []
    if event.contact is not None:
        counts.contacts[partner, event.contact, day] += times
    matched = rules.signals.matching(event.type, event.properties, event.persona)
    for signal in matched:
        if rules.keeps(signal, partner):
            counts.tallies[partner, signal, day] += times
    return matched


def adjustment_of(event: LedgerEvent) -> int:
    """The millipoints that a person gave or took by this event; 0 for all other events."""
    return round(event.properties["points"] * 1000) if event.type == ADJUSTED else 0


def numbered(partners: Sequence[str]) -> dict[str, int]:
    """Each partner's row in arrays."""
    return {partner: row for row, partner in enumerate(partners)}


def as_tallies(rows: Iterable[tuple[str, int, int, int]], place: Mapping[str, int]) -> Tallies:
    """Tally rows named by partner, as arrays."""
    return Tallies.of((place[partner], signal, day, count) for partner, signal, day, count in rows)


def as_adjustments(rows: Iterable[tuple[str, int, int, int]], place: Mapping[str, int]) -> Adjustments:
    """Adjustment rows named by partner, as arrays."""
    return Adjustments.of((place[partner], day, points, count) for partner, day, points, count in rows)
