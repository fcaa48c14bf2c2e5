"""Previews: what plain loops over everybody would find, however the population is cut."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.scoring.comparison import MOST_ITEMS, MOST_MOVERS, Comparison
from app.scoring.fit import band_of
from app.scoring.preview import Chunk, Compared, Preview, Share
from app.scoring.rubric import Rubric


def rubric_of(**more: Any) -> Rubric:
    rules = [{"id": "a", "on": "a", "points": 1}]
    return Rubric.model_validate({"name": "Test", "rules": rules, **more})


OLD = rubric_of(
    bands={"cold": 0, "warm": 10, "hot": 25}, fit={"grades": {"A": 15, "B": 10}}, handoff={"at": 25}
)
NEW = rubric_of(
    bands={"warm": 12, "hot": 30, "red": 40}, fit={"grades": {"B": 8, "C": 0}}, handoff={"at": 20}
)


class Row(NamedTuple):
    """One partner, for tests."""

    partner: str
    before: float
    after: float
    grade_before: str | None = None
    grade_after: str | None = None


def chunk_of(rows: Sequence[Row]) -> Chunk:
    return Chunk(
        [row.partner for row in rows],
        [row.partner.title() for row in rows],
        np.array([row.before for row in rows], dtype=np.float64),
        np.array([row.after for row in rows], dtype=np.float64),
        [row.grade_before for row in rows],
        [row.grade_after for row in rows],
    )


def preview_of(*chunks: Sequence[Row], old: Rubric = OLD, new: Rubric = NEW) -> Preview:
    comparison = Comparison(old, new)
    for rows in chunks:
        comparison.add(chunk_of(rows))
    return comparison.result()


def item(row: Row) -> Compared:
    return Compared(row.partner, row.partner.title(), row.before, row.after)


scores = st.integers(-10, 60).map(float) | st.integers(0, 60_000_000).map(lambda micro: micro / 1e6)
grades = st.sampled_from(["A", "B", None]), st.sampled_from(["B", "C", None])


@st.composite
def populations(draw: st.DrawFn) -> list[Row]:
    others = draw(st.lists(st.tuples(scores, scores, *grades), max_size=40))
    return [Row(f"p{n}", *each) for n, each in enumerate(others)]


@given(populations())
def test_bands_and_grades_are_counted_one_by_one(rows: list[Row]) -> None:
    preview = preview_of(rows)
    before = Counter(band_of(OLD, row.before) for row in rows)
    after = Counter(band_of(NEW, row.after) for row in rows)
    assert preview.bands == tuple(
        Share(name, before[name], after[name]) for name in (None, "cold", "warm", "hot", "red")
    )
    had, have = (Counter(row[place] for row in rows) for place in (3, 4))
    assert preview.grades == tuple(Share(name, had[name], have[name]) for name in ("A", "B", "C", None))
    assert preview.partners == sum(each.before for each in preview.histogram) == len(rows)


@given(populations())
def test_who_enters_and_who_leaves(rows: list[Row]) -> None:
    preview = preview_of(rows)
    entering = [row for row in rows if row.before < 25 and row.after >= 20]
    leaving = [row for row in rows if row.before >= 25 and row.after < 20]
    assert preview.entering.count == len(entering)
    assert list(preview.entering.items) == [
        item(row) for row in sorted(entering, key=lambda row: (-row.after, row.partner))
    ]
    assert preview.leaving.count == len(leaving)
    assert list(preview.leaving.items) == [
        item(row) for row in sorted(leaving, key=lambda row: (-row.before, row.partner))
    ]


@given(populations())
def test_movers_are_those_that_change_most(rows: list[Row]) -> None:
    by_change = sorted(rows, key=lambda row: (-abs(round(row.after - row.before, 6)), row.partner))
    moved = [item(row) for row in by_change if row.after != row.before]
    assert list(preview_of(rows).movers) == moved[:MOST_MOVERS]


@given(populations(), st.data())
def test_chunks_are_irrelevant(rows: list[Row], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(rows))
    cut = data.draw(st.integers(0, len(rows)))
    assert preview_of(shuffled[:cut], shuffled[cut:]) == preview_of(rows)


@given(populations())
def test_each_chunk_tells_all_who_pass(rows: list[Row]) -> None:
    comparison = Comparison(OLD, NEW)
    passing = [comparison.add(chunk_of([row])) for row in rows]
    entering = [each for one in passing for each in one.entering.items]
    leaving = [each for one in passing for each in one.leaving.items]
    assert entering == [item(row) for row in rows if row.before < 25 and row.after >= 20]
    assert leaving == [item(row) for row in rows if row.before >= 25 and row.after < 20]


@pytest.mark.parametrize(
    ("old", "new", "entering", "leaving"),
    [(OLD, NEW, 150, 0), (NEW, OLD, 0, 150), (OLD, OLD, 150, 0), (rubric_of(), rubric_of(), 0, 0)],
)
def test_only_the_first_are_kept_and_all_are_counted(
    old: Rubric, new: Rubric, entering: int, leaving: int
) -> None:
    rows = [Row(f"p{n:03}", 0, 30 + n) for n in range(150)]
    if leaving:
        rows = [Row(row.partner, row.after, row.before) for row in rows]
    preview = preview_of(rows[:75], rows[75:], old=old, new=new)
    assert (preview.entering.count, preview.leaving.count) == (entering, leaving)
    first = [f"p{n:03}" for n in range(149, 149 - MOST_ITEMS, -1)]
    assert [each.partner for each in (preview.entering.items or preview.leaving.items)] == first * (
        entering + leaving > 0
    )


def test_ties_among_movers_are_broken_by_id() -> None:
    rows = [Row(f"p{n:02}", 0, 5) for n in range(50)]
    chosen = [each.partner for each in preview_of(rows[25:], rows[:25]).movers]
    assert chosen == [f"p{n:02}" for n in range(MOST_MOVERS)]


def test_a_rubric_without_hand_offs_calls_nobody() -> None:
    preview = preview_of([Row("acme", 30, 1000)], new=rubric_of())
    assert (preview.entering.count, preview.leaving.count) == (0, 1)


def test_a_preview_as_data() -> None:
    preview = preview_of([Row("acme", 8.0, 26.5, "A", None)])
    acme = {"partner": "acme", "name": "Acme", "before": 8.0, "after": 26.5}
    assert preview.document() == {
        "partners": 1,
        "bands": [
            {"band": None, "before": 0, "after": 0},
            {"band": "cold", "before": 1, "after": 0},
            {"band": "warm", "before": 0, "after": 1},
            {"band": "hot", "before": 0, "after": 0},
            {"band": "red", "before": 0, "after": 0},
        ],
        "grades": [
            {"grade": "A", "before": 1, "after": 0},
            {"grade": "B", "before": 0, "after": 0},
            {"grade": "C", "before": 0, "after": 0},
            {"grade": None, "before": 0, "after": 1},
        ],
        "histogram": [
            {"from": start, "to": start + 1, "before": int(start == 8), "after": int(start == 26)}
            for start in range(27)
        ],
        "entering": {"count": 1, "items": [acme]},
        "leaving": {"count": 0, "items": []},
        "movers": [acme],
    }


def test_nobody_at_all() -> None:
    preview = preview_of([])
    assert (preview.partners, preview.movers, preview.entering.items) == (0, (), ())
