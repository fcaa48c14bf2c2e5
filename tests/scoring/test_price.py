"""Pricing: the same as the prose says, in any order, at once or bit by bit."""

from fractions import Fraction
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.scoring.price import Grants, PriceList, change
from app.scoring.rubric import Rubric
from app.scoring.signal import signal_of, signals_of
from app.scoring.tally import DayPoints, Tallies
from tests.scoring.reference import granted
from tests.scoring.strategies import DAYS, FIRST, Row, crowded_rubrics, rubrics, tally_rows


def grants_of(prices: PriceList, rows: list[Row]) -> Grants:
    return prices.price(Tallies.of(rows))


def rows_of(tallies: Tallies) -> list[Row]:
    columns = (
        tallies.partner.tolist(),
        tallies.signal.tolist(),
        tallies.day.tolist(),
        tallies.count.tolist(),
    )
    return list(zip(*columns, strict=True))


def as_table(grants: Grants) -> dict[tuple[int, int, int], tuple[int, int, int]]:
    keys = zip(grants.partner.tolist(), grants.rule.tolist(), grants.day.tolist(), strict=True)
    values = zip(
        grants.occurrences.tolist(), grants.counted.tolist(), grants.millipoints.tolist(), strict=True
    )
    return dict(zip(keys, values, strict=True))


def as_points(points: DayPoints) -> dict[tuple[int, int], int]:
    summed = points.summed()
    keys = zip(summed.partner.tolist(), summed.day.tolist(), strict=True)
    return dict(zip(keys, summed.millipoints.tolist(), strict=True))


def expected(
    rubric: Rubric, tallies: Tallies, *, partner: int
) -> dict[tuple[int, int, int], tuple[int, int, int]]:
    counts = {(signal, day): count for who, signal, day, count in rows_of(tallies) if who == partner}
    place = {rule.id: n for n, rule in enumerate(rubric.rules)}
    return {
        (partner, place[rule], day): (grant.occurrences, grant.counted, int(grant.points * 1000))
        for (rule, day), grant in granted(rubric, counts).items()
    }


@given(st.data())
def test_prices_as_the_prose_says(data: st.DataObject) -> None:
    rubric = data.draw(rubrics())
    tallies = Tallies.of(data.draw(tally_rows(rubric)))
    wanted = {**expected(rubric, tallies, partner=0), **expected(rubric, tallies, partner=1)}
    assert as_table(PriceList(rubric).price(tallies)) == wanted


@given(st.data())
def test_order_of_arrival_is_irrelevant(data: st.DataObject) -> None:
    rubric = data.draw(rubrics())
    rows = data.draw(tally_rows(rubric))
    prices = PriceList(rubric)
    assert as_table(grants_of(prices, data.draw(st.permutations(rows)))) == as_table(grants_of(prices, rows))


@given(st.data())
def test_unsorted_tallies_price_the_same(data: st.DataObject) -> None:
    rubric = data.draw(rubrics())
    tallies = Tallies.of(data.draw(tally_rows(rubric)))
    order = np.array(data.draw(st.permutations(range(len(tallies)))), dtype=np.int64)
    shuffled = Tallies(
        *[column[order] for column in (tallies.partner, tallies.signal, tallies.day, tallies.count)]
    )
    assert as_table(PriceList(rubric).price(shuffled)) == as_table(PriceList(rubric).price(tallies))


@settings(max_examples=200)
@given(st.data())
def test_bit_by_bit_is_the_same_as_at_once(data: st.DataObject) -> None:
    """Only what `span` names is loaded for each batch, and a batch may take events back."""
    rubric = data.draw(rubrics() | crowded_rubrics())
    prices = PriceList(rubric)
    stored, points = Tallies.of([]), DayPoints(*[np.zeros(0, dtype=np.int64)] * 3)
    for _ in range(data.draw(st.integers(2, 5))):
        added = Tallies.of(data.draw(tally_rows(rubric)) + taken_back(data, stored))
        points = points.plus(change(prices, loaded(prices, stored, added), added))
        stored = stored.plus(added)
    assert as_points(points) == as_points(prices.price(stored).by_day())


@settings(max_examples=200)
@given(crowded_rubrics(), st.randoms(use_true_random=False))
def test_event_by_event_is_the_same_as_at_once(rubric: Rubric, chance: Random) -> None:
    prices, signals = PriceList(rubric), sorted(signals_of(rubric))
    stored, points = Tallies.of([]), DayPoints(*[np.zeros(0, dtype=np.int64)] * 3)
    for _ in range(12):
        added = Tallies.of([(0, chance.choice(signals), FIRST + chance.randint(0, DAYS), 1)])
        points = points.plus(change(prices, loaded(prices, stored, added), added))
        stored = stored.plus(added)
    assert as_points(points) == as_points(prices.price(stored).by_day())


def taken_back(data: st.DataObject, stored: Tallies) -> list[Row]:
    kept = [(row, data.draw(st.integers(0, row[3]))) for row in rows_of(stored)]
    return [(partner, signal, day, -times) for (partner, signal, day, _), times in kept]


def loaded(prices: PriceList, stored: Tallies, added: Tallies) -> Tallies:
    """The stored tallies that the spans of what is added name, and no others."""
    wanted = np.zeros(len(stored), dtype=np.bool_)
    for partner, signal, day, _ in rows_of(added):
        for needed, first, last in prices.span(signal, day, day):
            span = (stored.day >= first) & (stored.day <= last)
            wanted |= (stored.partner == partner) & (stored.signal == needed) & span
    return Tallies(stored.partner[wanted], stored.signal[wanted], stored.day[wanted], stored.count[wanted])


def rubric_of(*rules: dict[str, object], **more: object) -> Rubric:
    numbered = [{"id": f"r{n}", **rule} for n, rule in enumerate(rules)]
    return Rubric.model_validate({"name": "Test", "rules": numbered, **more})


def test_nothing_is_loaded_where_points_simply_add_up() -> None:
    rubric = rubric_of({"on": "email.opened", "points": 1}, {"on": "page.viewed", "points": 1})
    assert PriceList(rubric).span(signal_of(rubric.rules[0]).key, 20_000, 20_000) == []


def test_a_cap_loads_its_period_and_a_group_the_other_rules_too() -> None:
    rubric = rubric_of(
        {"on": "email.opened", "points": 1, "at_most": {"times": 1, "per": "day"}, "group": "mail"},
        {"on": "email.clicked", "points": 5, "at_most": {"times": 2, "per": "month"}, "group": "mail"},
        {"on": "email.unsubscribed", "points": -5, "group": "mail"},
        groups={"mail": {"at_most": {"points": 12, "per": "week"}}},
    )
    opened, clicked, unsubscribed = (signal_of(rule).key for rule in rubric.rules)
    monday, sunday = 20_514, 20_520  # 2026-03-02 and 2026-03-08
    first, last = 20_513, 20_543  # March 2026
    prices = PriceList(rubric)
    assert prices.span(opened, monday, monday) == [(opened, monday, sunday), (clicked, first, last)]
    assert prices.span(unsubscribed, monday, monday) == []


def test_a_cap_that_outlasts_its_groups_period_loads_what_it_frees_there() -> None:
    """An open on the 2nd takes the month's one from the 12th; there the click gets the points instead."""
    rubric = rubric_of(
        {"on": "email.opened", "points": 5, "at_most": {"times": 1, "per": "month"}, "group": "mail"},
        {"on": "email.clicked", "points": 5, "group": "mail"},
        groups={"mail": {"at_most": {"points": 5, "per": "week"}}},
    )
    opened, clicked = (signal_of(rule).key for rule in rubric.rules)
    prices, second, twelfth = PriceList(rubric), 20_514, 20_524
    stored = Tallies.of([(0, opened, twelfth, 1), (0, clicked, twelfth, 1)])
    added = Tallies.of([(0, opened, second, 1)])
    known = loaded(prices, stored, added)
    assert len(known) == 2
    assert as_points(change(prices, known, added)) == {(0, second): 5000}


def test_an_events_worth_is_the_sum_of_its_rules_before_caps() -> None:
    rubric = rubric_of(
        {"on": "a", "points": 1.5, "at_most": {"times": 1, "per": "ever"}},
        {"on": "a", "points": -0.25},
        {"on": "b", "points": 7},
    )
    prices = PriceList(rubric)
    assert prices.earns([signal_of(rubric.rules[0]).key]) == 1250
    assert prices.earns(signals_of(rubric)) == 8250
    assert prices.earns([12345]) == 0


def test_the_last_grant_of_a_group_may_be_partial() -> None:
    rubric = rubric_of(
        {"on": "a", "points": 5, "group": "g"},
        {"on": "b", "points": 5, "group": "g"},
        groups={"g": {"at_most": {"points": 7.5, "per": "ever"}}},
    )
    a, b = (signal_of(rule).key for rule in rubric.rules)
    grants = grants_of(PriceList(rubric), [(0, b, 1, 1), (0, a, 1, 1), (0, a, 2, 1)])
    assert as_table(grants) == {(0, 0, 1): (1, 1, 5000), (0, 1, 1): (1, 1, 2500), (0, 0, 2): (1, 1, 0)}


@pytest.mark.parametrize("rows", [[], [(0, 99, 5, 1)]])
def test_nothing_known_earns_nothing(rows: list[Row]) -> None:
    assert len(grants_of(PriceList(rubric_of({"on": "a", "points": 1})), rows).rule) == 0


def test_without_rules_nothing_is_worth_anything() -> None:
    prices = PriceList(Rubric.model_construct(name="Empty", rules=()))
    assert len(grants_of(prices, [(0, 99, 5, 1)]).rule) == 0


def test_points_are_exact_in_thousandths() -> None:
    rubric = rubric_of({"on": "a", "points": 0.001})
    grants = grants_of(PriceList(rubric), [(0, signal_of(rubric.rules[0]).key, 1, 1_000_003)])
    assert Fraction(int(grants.millipoints[0]), 1000) == Fraction("1000.003")
