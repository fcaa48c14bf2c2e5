"""Figures as they are measured: in rounds, each beside its yardsticks from the same round."""

import statistics
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

Sample = Mapping[str, float]
"""What one round found, by the name of the figure with its unit: `events/s`, `p99 ms`."""


@dataclass(frozen=True)
class Row:
    """One subject in one case, round by round."""

    case: str
    subject: str
    rounds: list[Sample] = field(default_factory=list)

    def values(self, figure: str) -> list[float]:
        """What the rounds found for one figure; nothing where it was not measured."""
        return [found[figure] for found in self.rounds if figure in found]


@dataclass(frozen=True)
class Sheet:
    """A measure: its rows, the figure that is compared, and the subjects that it is compared with."""

    title: str
    compared: str
    yardsticks: tuple[str, ...] = ()
    rows: list[Row] = field(default_factory=list)

    def add(self, case: str, subject: str, found: Sample) -> None:
        """Note what one more round found."""
        row = self.row(case, subject)
        if row is None:
            row = Row(case, subject)
            self.rows.append(row)
        row.rounds.append(found)

    def row(self, case: str, subject: str) -> Row | None:
        """The row of a subject, if there is one yet."""
        return next((row for row in self.rows if (row.case, row.subject) == (case, subject)), None)

    def figures(self) -> list[str]:
        """The names of all figures, the compared one first."""
        named = (name for row in self.rows for found in row.rounds for name in found)
        return list(dict.fromkeys([self.compared, *named]))

    def ratios(self, row: Row, yardstick: str) -> list[float]:
        """The compared figure over the yardstick's, within each round; nothing where there is none."""
        base = self.row(row.case, yardstick)
        pairs = zip(row.values(self.compared), base.values(self.compared) if base else [], strict=False)
        return [one / other for one, other in pairs]

    def document(self) -> dict[str, Any]:
        """For a file."""
        return asdict(self)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """From a file."""
        rows = [Row(each["case"], each["subject"], each["rounds"]) for each in document["rows"]]
        return cls(document["title"], document["compared"], tuple(document["yardsticks"]), rows)


def percentile(ordered: list[float], percent: float) -> float:
    """The least of the values (which are in order) that so many percent of them do not exceed."""
    return ordered[max(0, -int(-len(ordered) * percent // 100) - 1)]


def middle(values: list[float]) -> str:
    """The median as text; empty where there is none."""
    return number(statistics.median(values)) if values else ""


def spread(values: list[float]) -> str:
    """The median, and of several the least and the most beside it."""
    beside = f" [{number(min(values))}-{number(max(values))}]" if len(values) > 1 else ""
    return middle(values) + beside


def number(value: float) -> str:
    """With three digits that count, and all before the point."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 0.0001 or not value else f"{value:.1e}"


def lines(sheet: Sheet) -> Iterator[list[str]]:
    """The table as text: a line of headings, then one for each row."""
    first, *others = sheet.figures()
    yield ["", "", first, *others, *(f"/ {name}" for name in sheet.yardsticks)]
    for row in sheet.rows:
        yield [
            row.case,
            row.subject,
            spread(row.values(first)),
            *(middle(row.values(name)) for name in others),
            *("" if row.subject == name else spread(sheet.ratios(row, name)) for name in sheet.yardsticks),
        ]
