"""Fit, grades and bands."""

import pytest

from app.scoring.fit import Fit, band_of, fit_of, grade_rank
from app.scoring.rubric import Rubric

RULES = [
    {"id": "size", "where": {"employees": {"at_least": 10}}, "points": 10},
    {"id": "region", "where": {"region": {"in": ["EMEA", "NA"]}}, "points": 5},
    {"id": "churned", "where": {"churned": True}, "points": -20.5},
]
RUBRIC = Rubric.model_validate(
    {
        "name": "Test",
        "rules": [{"id": "a", "on": "a", "points": 1}],
        "fit": {"rules": RULES, "grades": {"C": 0, "A": 15, "B": 10}},
        "bands": {"hot": 25, "cold": 0, "warm": 10},
    }
)


@pytest.mark.parametrize(
    ("attributes", "fit"),
    [
        ({"employees": 10, "region": "NA"}, Fit(15.0, "A")),
        ({"employees": 12.5, "region": "APAC"}, Fit(10.0, "B")),
        ({"employees": "12", "region": "EMEA"}, Fit(5.0, "C")),
        ({}, Fit(0.0, "C")),
        ({"churned": True, "employees": 10}, Fit(-10.5, None)),
    ],
)
def test_fit(attributes: dict[str, object], fit: Fit) -> None:
    assert fit_of(RUBRIC, attributes) == fit


@pytest.mark.parametrize(
    ("score", "band"),
    [(-0.000001, None), (0, "cold"), (9.999999, "cold"), (10, "warm"), (25, "hot"), (900, "hot")],
)
def test_band(score: float, band: str | None) -> None:
    assert band_of(RUBRIC, score) == band


def test_grades_rank_from_the_best_and_none_comes_last() -> None:
    assert [grade_rank(RUBRIC, grade) for grade in ("A", "B", "C", None, "unknown")] == [0, 1, 2, 3, 3]
