"""How points fade, and that scores can be stored once for every day."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.scoring.days import FIRST_DAY
from app.scoring.explain import explain, scores
from app.scoring.fade import landmarked, micropoints, moved, score_of, scores_of, stored_for, weight
from app.scoring.price import PriceList, change
from app.scoring.rubric import Fade, HalfLife, Rubric, Window
from app.scoring.tally import Adjustments, DayPoints, Tallies
from tests.scoring.strategies import DAYS, FIRST, histories

rubric_documents = {"name": "Test", "rules": [{"id": "a", "on": "a", "points": 1}]}


def rubric_with(**more: object) -> Rubric:
    return Rubric.model_validate({**rubric_documents, **more})


@pytest.mark.parametrize(
    ("fade", "age", "wanted"),
    [
        (None, 0, 1.0),
        (None, 5000, 1.0),
        (None, -1, 0.0),
        (HalfLife(half_life_days=30), 0, 1.0),
        (HalfLife(half_life_days=30), 30, 0.5),
        (HalfLife(half_life_days=30), 90, 0.125),
        (HalfLife(half_life_days=30), -1, 0.0),
        (Window(window_days=30), 0, 1.0),
        (Window(window_days=30), 29, 1.0),
        (Window(window_days=30), 30, 0.0),
        (Window(window_days=30), -1, 0.0),
    ],
)
def test_weight(fade: Fade | None, age: int, wanted: float) -> None:
    assert weight(fade, np.array([1000 - age]), 1000).tolist() == [wanted]


def test_the_oldest_day_weighs_nothing_and_does_not_overflow() -> None:
    assert weight(HalfLife(half_life_days=1), np.array([FIRST_DAY]), 20_000).tolist() == [0.0]


@given(histories(), st.integers(0, DAYS), st.integers(-50, 50))
def test_a_stored_score_read_on_its_day_is_the_explained_one(
    history: tuple[Rubric, Tallies, Adjustments], after: int, offset: int
) -> None:
    rubric, tallies, adjustments = history
    prices, today, landmark = PriceList(rubric), FIRST + after, FIRST + offset
    stored = scores(
        rubric, prices, tallies, adjustments=adjustments, landmark=landmark, today=today, partners=1
    )
    explained = explain(rubric, prices, tallies, adjustments=adjustments, as_of=today)
    assert score_of(rubric, float(stored[0]), landmark=landmark, today=today) == explained.score


@given(histories(), st.integers(0, DAYS), st.data())
def test_a_score_that_grew_event_by_event_is_the_one_from_scratch(
    history: tuple[Rubric, Tallies, Adjustments], after: int, data: st.DataObject
) -> None:
    rubric, tallies, adjustments = history
    prices, today = PriceList(rubric), FIRST + after
    known, stored = Tallies.of([]), np.zeros(1)
    rows = zip(tallies.signal.tolist(), tallies.day.tolist(), tallies.count.tolist(), strict=True)
    for signal, day, count in data.draw(st.permutations(list(rows))):
        added = Tallies.of([(0, signal, day, count)])
        points = change(prices, known, added)
        stored += landmarked(rubric.fade, points, landmark=FIRST, today=today, partners=1)
        known = known.plus(added)
    stored += landmarked(rubric.fade, adjustments.by_day(), landmark=FIRST, today=today, partners=1)
    whole = scores(rubric, prices, tallies, adjustments=adjustments, landmark=FIRST, today=today, partners=1)
    grown, at_once = (scores_of(rubric, each, landmark=FIRST, today=today) for each in (stored, whole))
    assert grown.tolist() == at_once.tolist()


@given(st.floats(0, 10_000), st.integers(0, 300), st.integers(0, 300))
def test_stored_for_undoes_score_of(score: float, landmark: int, today: int) -> None:
    rubric = rubric_with(fade={"half_life_days": 30})
    stored = stored_for(rubric, score, landmark=landmark, today=today)
    assert score_of(rubric, stored, landmark=landmark, today=today) == pytest.approx(score, abs=1e-6)


def test_one_stored_number_fades_by_itself() -> None:
    rubric = rubric_with(fade={"half_life_days": 30})
    points = DayPoints(np.array([0, 2]), np.array([100, 130]), np.array([10_000, 10_000]))
    stored = landmarked(rubric.fade, points, landmark=70, today=130, partners=3)
    assert scores_of(rubric, stored, landmark=70, today=130).tolist() == [5.0, 0.0, 10.0]
    assert scores_of(rubric, stored, landmark=70, today=160).tolist() == [2.5, 0.0, 5.0]


@pytest.mark.parametrize("fade", [None, {"window_days": 10}, {"half_life_days": 10}])
def test_days_to_come_are_left_out(fade: object) -> None:
    rubric = rubric_with(fade=fade)
    points = DayPoints(np.array([0, 0]), np.array([100, 101]), np.array([1000, 4000]))
    assert landmarked(rubric.fade, points, landmark=100, today=100, partners=1).tolist() == [1.0]


def test_moving_the_landmark_changes_no_score() -> None:
    rubric = rubric_with(fade={"half_life_days": 30})
    stored = np.array([3.0, 40.0])
    later = moved(rubric, stored, landmark=100, to=400)
    before, after = (
        scores_of(rubric, each, landmark=at, today=410) for each, at in ((stored, 100), (later, 400))
    )
    assert before.tolist() == after.tolist()


@pytest.mark.parametrize("fade", [None, {"window_days": 10}])
def test_without_half_life_the_stored_points_are_those_of_today(fade: object) -> None:
    rubric = rubric_with(fade=fade)
    points = DayPoints(np.array([0, 0, 0]), np.array([80, 95, 101]), np.array([1000, 2000, 4000]))
    stored = landmarked(rubric.fade, points, landmark=0, today=100, partners=1)
    assert stored.tolist() == [2.0 if fade else 3.0]
    assert stored_for(rubric, 3.0, landmark=0, today=100) == 3.0


@pytest.mark.parametrize(
    ("stored", "floor", "wanted"), [(-3.0, None, -3.0), (-3.0, 0, 0.0), (7.0, 0, 7.0), (0, 5, 5)]
)
def test_the_floor_lifts(stored: float, floor: float | None, wanted: float) -> None:
    assert score_of(rubric_with(floor=floor), stored, landmark=0, today=0) == wanted


def test_a_score_is_never_minus_zero() -> None:
    assert str(score_of(rubric_with(), -1e-12, landmark=0, today=0)) == "0.0"


@pytest.mark.parametrize("noise", [-1e-15, 0.0, 1e-15])
def test_the_last_bits_of_a_float_decide_no_tie(noise: float) -> None:
    assert micropoints(np.array(5 / 128 + noise)) == 39_062
