"""What another rubric would change for a whole population."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.scoring.arrays import Floats, Ints
from app.scoring.histogram import Bin


@dataclass(frozen=True, eq=False)
class Chunk:
    """Some partners, each once: ids, names, scores and grades under the one rubric and the other."""

    partners: Sequence[str]
    names: Sequence[str | None]
    before: Floats
    after: Floats
    grades_before: Sequence[str | None]
    grades_after: Sequence[str | None]

    def at(self, rows: Ints) -> list["Compared"]:
        """The partners in these rows."""
        before, after = self.before[rows].tolist(), self.after[rows].tolist()
        return [
            Compared(self.partners[row], self.names[row], *scores)
            for row, *scores in zip(rows.tolist(), before, after, strict=True)
        ]


@dataclass(frozen=True)
class Compared:
    """A partner and its scores under both rubrics."""

    partner: str
    name: str | None
    before: float
    after: float

    def document(self) -> dict[str, object]:
        """As JSON-able data."""
        return {"partner": self.partner, "name": self.name, "before": self.before, "after": self.after}


@dataclass(frozen=True)
class Share:
    """How many partners have a band or a grade (None: none of them)."""

    name: str | None
    before: int
    after: int


@dataclass(frozen=True)
class Passage:
    """Who passes the hand-off threshold: all of them in a chunk, or in a result how many and the first."""

    count: int
    items: tuple[Compared, ...]

    def document(self) -> dict[str, object]:
        """As JSON-able data."""
        return {"count": self.count, "items": [item.document() for item in self.items]}


@dataclass(frozen=True)
class Passing:
    """Who reaches the hand-off threshold only under the new rubric, and who only under the old one."""

    entering: Passage
    leaving: Passage


@dataclass(frozen=True)
class Preview:
    """Bands from the lowest, grades from the best, and who would move."""

    partners: int
    bands: tuple[Share, ...]
    grades: tuple[Share, ...]
    histogram: tuple[Bin, ...]
    entering: Passage
    leaving: Passage
    movers: tuple[Compared, ...]

    def document(self) -> dict[str, object]:
        """As JSON-able data."""
        return {
            "partners": self.partners,
            "bands": _document(self.bands, "band"),
            "grades": _document(self.grades, "grade"),
            "histogram": [each.document() for each in self.histogram],
            "entering": self.entering.document(),
            "leaving": self.leaving.document(),
            "movers": [item.document() for item in self.movers],
        }


def _document(shares: Sequence[Share], what: str) -> list[dict[str, object]]:
    return [{what: share.name, "before": share.before, "after": share.after} for share in shares]
