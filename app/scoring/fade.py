"""How points lose weight with age, and scores that can be stored once and ranked on any day."""

from typing import assert_never

import numpy as np

from app.scoring.arrays import Floats, Ints
from app.scoring.rubric import Fade, HalfLife, Rubric, Window
from app.scoring.tally import DayPoints

# Scores are rounded to 6 decimals before they are compared, so half of the last one still reaches a level.
ROUNDING = 5e-7


def weight(fade: Fade | None, day: Ints, today: int | Ints) -> Floats:
    """The weight today of points of each day, 0 to 1; days after today weigh nothing."""
    age = today - day
    match fade:
        case None:
            return np.where(age >= 0, 1.0, 0.0)
        case HalfLife(half_life_days=half_life):
            return np.where(age >= 0, np.exp2(-np.maximum(age, 0) / half_life), 0.0)
        case Window(window_days=days):
            return np.where((age >= 0) & (age < days), 1.0, 0.0)
        case _:
            assert_never(fade)


def landmarked(fade: Fade | None, points: DayPoints, *, landmark: int, today: int, partners: int) -> Floats:
    """Points to store for each of so many partners, such that fading needs no rewriting.

    With a half-life, the sum of points * 2 ** ((day - landmark) / half_life), which is the forward decay of
    Cormode et al., ICDE 2009; otherwise the faded sum as of today. Days after today are left out. Today must
    be less than 1,000 half-lives after the landmark, or the numbers grow beyond a float.
    """
    if isinstance(fade, HalfLife):
        weights = np.where(points.day <= today, np.exp2((points.day - landmark) / fade.half_life_days), 0.0)
    else:
        weights = weight(fade, points.day, today)
    faded = points.millipoints * weights / 1000
    return np.bincount(points.partner, faded, minlength=partners).astype(np.float64, copy=False)


def scores_of(rubric: Rubric, stored: Floats, *, landmark: int, today: int) -> Floats:
    """The scores today of stored landmarked points: 6 decimals, not below the floor."""
    return settled(rubric, stored * _drift(rubric.fade, landmark, today=today))


def score_of(rubric: Rubric, stored: float, *, landmark: int, today: int) -> float:
    """The score today of one partner's stored landmarked points."""
    return float(scores_of(rubric, np.array(stored), landmark=landmark, today=today))


def stored_for(rubric: Rubric, score: float, *, landmark: int, today: int) -> float:
    """The stored landmarked points of a score today, for range queries; the floor is not undone."""
    return score / _drift(rubric.fade, landmark, today=today)


def moved(rubric: Rubric, stored: Floats, *, landmark: int, to: int) -> Floats:
    """Stored points under another landmark."""
    return stored * _drift(rubric.fade, landmark, today=to)


def settled(rubric: Rubric, points: Floats) -> Floats:
    """Faded points as scores: rounded, then not below the floor."""
    scores = micropoints(points) / 1e6
    return scores if rubric.floor is None else np.maximum(scores, rubric.floor)


def micropoints(points: Floats) -> Ints:
    """Points in whole millionths.

    Through 11 decimals first: a half-life makes exact ties (5 points after seven of them are 0.0390625), and
    the last bits of a float, which depend on the order of a sum, must not decide them.
    """
    return np.rint(np.rint(points * 1e11) / 1e5).astype(np.int64)


def _drift(fade: Fade | None, landmark: int, *, today: int) -> float:
    """The factor from points as stored to points as of today, the same for every partner."""
    return float(2 ** ((landmark - today) / fade.half_life_days)) if isinstance(fade, HalfLife) else 1.0
