"""How well a partner fits, and the names of grades and bands."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.scoring.condition import Condition
from app.scoring.price import millipoints_of
from app.scoring.rubric import Rubric
from app.scoring.where import where_document


@dataclass(frozen=True)
class Fit:
    """Points from a partner's profile and the grade that they earn, if any."""

    points: float
    grade: str | None


class FitTable:
    """A rubric's fit rules compiled, for many partners."""

    def __init__(self, rubric: Rubric) -> None:
        self._grades = rubric.fit.grades
        self._fits: dict[int, Fit] = {}
        self._rules = [
            (Condition(where_document(rule.where)), millipoints_of(rule.points)) for rule in rubric.fit.rules
        ]

    def fit_of(self, attributes: Mapping[str, object]) -> Fit:
        """The fit of a partner with these attributes."""
        points = sum(points for condition, points in self._rules if condition.holds(attributes))
        # Few sums are possible, and a preview asks for each of them a thousand times.
        if points not in self._fits:
            self._fits[points] = Fit(points / 1000, _highest(self._grades, points / 1000))
        return self._fits[points]


def fit_of(rubric: Rubric, attributes: Mapping[str, object]) -> Fit:
    """The fit of one partner with these attributes."""
    return FitTable(rubric).fit_of(attributes)


def band_of(rubric: Rubric, score: float) -> str | None:
    """The band with the highest beginning that the score reaches."""
    return _highest(rubric.bands, score)


def grade_rank(rubric: Rubric, grade: str | None) -> int:
    """0 for the best grade and so on; no grade, or one that the rubric does not know, comes last."""
    best_first = sorted(rubric.fit.grades, key=lambda name: -rubric.fit.grades[name])
    return best_first.index(grade) if grade in best_first else len(best_first)


def _highest(levels: Mapping[str, float], points: float) -> str | None:
    reached = [name for name in levels if levels[name] <= points]
    return max(reached, key=lambda name: levels[name], default=None)
