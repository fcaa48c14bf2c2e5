"""Random rubrics, and random histories for them to score."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from hypothesis import strategies as st

from app.scoring.days import day_number
from app.scoring.rubric import Rubric
from app.scoring.signal import signals_of
from app.scoring.tally import Adjustments, Tallies

FIRST = day_number(date(2024, 12, 16))  # so that a year ends in the middle of an ISO week, and days are close
DAYS = 30

Row = tuple[int, int, int, int]

pers = st.sampled_from(["day", "week", "month", "quarter", "year", "ever"])
days = st.integers(FIRST, FIRST + DAYS)
points = st.one_of(
    st.integers(1, 9), st.integers(-20_000, 20_000).map(lambda thousandths: thousandths / 1000)
)
signals: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {"on": "email.opened"},
        {"on": "email.clicked"},
        {"on": "page.viewed", "where": {"path": {"starts_with": "/partners/"}}},
        {"on": "page.viewed", "where": {"path": {"is": "/jobs"}}, "who": {"persona": ["owner"]}},
    ]
)
fades = st.one_of(
    st.none(),
    st.builds(lambda days: {"half_life_days": days}, st.integers(1, 60)),
    st.builds(lambda days: {"window_days": days}, st.integers(1, 60)),
)


@st.composite
def rubrics(draw: st.DrawFn) -> Rubric:
    """A rubric of a few rules, in which two rules may well be about the same signal."""
    groups = draw(st.dictionaries(st.sampled_from(["a", "b"]), _group_caps()))
    rules = [_rule(draw, f"rule-{n}", list(groups)) for n in range(draw(st.integers(1, 5)))]
    document = {
        "name": "Random",
        "rules": rules,
        "groups": groups,
        "fade": draw(fades),
        "floor": draw(st.none() | points),
    }
    return Rubric.model_validate(document)


def _group_caps() -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        lambda most, per: {"at_most": {"points": most / 1000, "per": per}}, st.integers(1, 30_000), pers
    )


def _rule(draw: st.DrawFn, name: str, groups: Sequence[str]) -> dict[str, Any]:
    cap = st.builds(lambda times, per: {"times": times, "per": per}, st.integers(1, 4), pers)
    return {
        "id": name,
        "points": draw(points),
        "at_most": draw(st.none() | cap),
        "group": draw(st.sampled_from([None, *groups])),
        **draw(signals),
    }


@st.composite
def crowded_rubrics(draw: st.DrawFn) -> Rubric:
    """A rubric whose rules get in each other's way: all in one group, nearly all with a cap of their own."""
    types = ["email.opened", "email.clicked", "page.viewed"]
    seed = draw(st.randoms(use_true_random=False))
    pers = ["day", "week", "month", "quarter", "year", "ever"]
    rules = [
        {"id": on, "on": on, "points": seed.randint(1, 5), "group": "all"}
        | (
            {"at_most": {"times": seed.randint(1, 3), "per": seed.choice(pers)}}
            if seed.random() < 0.8
            else {}
        )
        for on in types
    ]
    cap = {"points": seed.randint(3, 12), "per": seed.choice(pers)}
    return Rubric.model_validate({"name": "Crowded", "rules": rules, "groups": {"all": {"at_most": cap}}})


def tally_rows(rubric: Rubric, *, partners: int = 2, least: int = 1) -> st.SearchStrategy[list[Row]]:
    """Rows of (partner, signal, day, count) of the rubric's signals, keys not yet added up."""
    keys = st.sampled_from(sorted(signals_of(rubric)))
    row = st.tuples(st.integers(0, partners - 1), keys, days, st.integers(least, 5))
    return st.lists(row, max_size=25)


def adjustment_rows() -> st.SearchStrategy[list[Row]]:
    """Rows of (partner 0, day, millipoints, 1)."""
    row = st.tuples(st.just(0), days, st.integers(-9_000, 9_000), st.just(1))
    return st.lists(row, max_size=4)


@st.composite
def histories(draw: st.DrawFn) -> tuple[Rubric, Tallies, Adjustments]:
    """A rubric and everything that one partner did."""
    rubric = draw(rubrics())
    tallies = Tallies.of(draw(tally_rows(rubric, partners=1)))
    return rubric, tallies, Adjustments.of(draw(adjustment_rows()))
