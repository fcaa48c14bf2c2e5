"""Insights, compared with a naive reference that knows the whole population, on lives of all kinds."""

import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from app.errors import Conflict, Invalid
from app.models import band_entries, events, handoff_moves, handoffs, partners
from app.services.funnel import funnel
from app.services.funnel_view import FunnelView
from app.services.handoffs import Closing, close, release
from app.services.merging import merge, unmerge
from app.services.outcomes import Outcomes, outcomes
from app.services.verdicts import change_verdict
from app.sources.event import NewEvent
from tests.support.play import SIMPLE, Play, rows_of

ZONE = "Pacific/Auckland"
BANDS = {"cold": 0, "warm": 10, "hot": 25, "blazing": 40}
STEPS = ["first_event", "warm", "hot", "crossed", "opened", "claimed", "closed"]
OUTCOMES = ["converted", "accepted", "rejected", "unreachable"]
REGIONS = ["EMEA", "NA", 3, 3.0, True, None]

Row = dict[str, Any]


@pytest.fixture
def lived(faulty: Play, request: pytest.FixtureRequest) -> Play:
    """Seventy partners over four months: events, verdicts, calls, outcomes, merges and un-merges."""
    dice = random.Random(request.node.name)
    terms = SIMPLE["handoff"] | {"rearm_after_days": {"default": 5}}
    faulty.activate({"time_zone": ZONE, "bands": BANDS, "fade": {"half_life_days": 30}, "handoff": terms})
    for n in range(70):
        faulty.put(f"p{n:02}", attributes={"geo": {"region": dice.choice(REGIONS)}, "size": n})
    for _ in range(36):
        faulty.passes(dice.uniform(0.5, 4))
        faulty.record(*(each for _ in range(8) for each in _busy_day(faulty, dice)))
        _work_desk(faulty, dice)
    _merge_some(faulty, dice)
    return faulty


def _busy_day(play: Play, dice: random.Random) -> list[NewEvent]:
    partner = f"p{dice.randrange(70):02}"
    return [
        play.event(
            dice.choice(["page.viewed", "webinar.attended", "webinar.attended"]),
            partner,
            ago=dice.choice([0, 0, 1, 9]),
            verdict=dice.choice(["human", "human", "human", "machine"]),
        )
        for _ in range(dice.randrange(1, 4))
    ]


def _work_desk(play: Play, dice: random.Random) -> None:
    for row in read(play, select(handoffs.c.id, handoffs.c.state).where(handoffs.c.state != "closed")):
        chance = dice.random()
        if chance < 0.3 and row["state"] == "open":
            play.claim(row["id"])
        elif chance < 0.3:
            play.do(release, row["id"], by="rep", reason=None)
        elif chance < 0.5:
            outcome = dice.choice(OUTCOMES)
            value = dice.choice([0.1, 0.2, 1_000.5]) if outcome == "converted" else None
            play.do(close, row["id"], Closing(outcome, "because", value), by="rep")
        elif chance < 0.6:
            event = play.handoff(row["id"]).trigger.event
            play.do(change_verdict, "test", event, verdict="machine", reason="scanner", by="rep")


def _merge_some(play: Play, dice: random.Random) -> None:
    for _ in range(8):
        one, other = (f"p{n:02}" for n in dice.sample(range(70), 2))
        with suppress(Conflict):
            play.do(merge, one, other)
            if dice.random() < 0.3:
                play.do(unmerge, one)


def read(play: Play, query: Any) -> list[Row]:
    """Rows by column."""
    names = [each.key for each in query.selected_columns]
    return [dict(zip(names, row, strict=True)) for row in rows_of(play.run, query)]


class Reference:
    """All there is, in lists."""

    def __init__(self, play: Play) -> None:
        self.root = {each["id"]: each["counts_for"] for each in read(play, select(partners))}
        self.attributes = {each["id"]: each["attributes"] for each in read(play, select(partners))}
        self.heard: dict[str, list[datetime]] = defaultdict(list)
        for each in read(play, select(events).where(events.c.verdict == "human")):
            self.heard[self.root[each["partner"]]].append(each["occurred_at"])
        self.entries = read(play, select(band_entries))
        self.handoffs = read(play, select(handoffs))
        self.claims = read(play, select(handoff_moves).where(handoff_moves.c.move == "claim"))

    def times(self, root: str) -> list[list[datetime]]:
        """For each step all the times at which it was made."""
        own = [each for each in self.handoffs if self.root[each["partner"]] == root]
        own = [each for each in own if each["outcome"] != "withdrawn"]
        entered = [each for each in self.entries if self.root[each["partner"]] == root]
        ids = {each["id"] for each in own}
        return [
            self.heard[root],
            *(
                [each["entered_at"] for each in entered if BANDS[each["band"]] >= BANDS[band]]
                for band in ("warm", "hot")
            ),
            [each["crossed_at"] for each in own],
            [each["opened_at"] for each in own if each["opened_at"]],
            [each["at"] for each in self.claims if each["handoff"] in ids],
            [each["closed_at"] for each in own if each["closed_at"]],
        ]

    def outcomes(self, root: str, outcome: str) -> list[datetime]:
        """When its hand-offs ended so."""
        own = [each for each in self.handoffs if self.root[each["partner"]] == root]
        return [each["closed_at"] for each in own if each["outcome"] == outcome]

    def reached(self, root: str, step: int) -> datetime | None:
        """When the first of a step, or of any later one, was made."""
        later = [at for some in self.times(root)[step:] for at in some]
        return max(min(later), min(self.heard[root])) if later else None

    def funnel(self, cohort: Iterable[str]) -> list[Row]:
        """Steps and outcomes of these partners."""
        cohort = list(cohort)
        found = [self._counted(cohort, step, partial(self.reached, step=step)) for step in range(len(STEPS))]
        for outcome in OUTCOMES:
            ended = partial(
                lambda root, outcome: min(self.outcomes(root, outcome), default=None), outcome=outcome
            )
            found.append(self._counted(cohort, len(STEPS), ended))
        return found

    def _counted(self, cohort: list[str], step: int, at: Callable[[str], datetime | None]) -> Row:
        here = {root: made for root in cohort if (made := at(root)) is not None}
        before = {root: made for root in cohort if (made := self.reached(root, max(step - 1, 0))) is not None}
        return {
            "count": len(here),
            "rate": round(len(here) / len(before), 4) if before else None,
            "rate_of_first": round(len(here) / len(cohort), 4) if cohort else None,
            "since_previous": _age([made - before[root] for root, made in here.items()]),
            "since_first_event": _age([made - min(self.heard[root]) for root, made in here.items()]),
        }


def _age(ages: list[timedelta]) -> Row | None:
    if not ages:
        return None
    ranked = sorted(ages)
    median, p90 = (ranked[ceil(len(ranked) * share) - 1] for share in (0.5, 0.9))
    return {"median": _days(median), "p90": _days(p90)}


def _days(age: timedelta) -> float:
    hundredths = Decimal(age // timedelta(microseconds=1)) / 864_000_000
    return int(hundredths.quantize(Decimal(1), ROUND_HALF_UP)) / 100


def shown(steps: Any) -> list[Row]:
    """Steps and outcomes as the reference gives them."""
    return [each.model_dump(exclude={"step", "band", "outcome"}) for each in (*steps.steps, *steps.outcomes)]


def in_zone(at: datetime) -> date:
    return at.astimezone(ZoneInfo(ZONE)).date()


PERIODS = [(None, None), (date(2026, 3, 1), date(2026, 5, 1)), (date(2026, 4, 2), date(2026, 4, 2))]


def test_funnel_equals_the_reference(lived: Play) -> None:
    """Shown to fail by steps that are not passed by whoever is later, and by merges that are not followed."""
    reference = Reference(lived)
    for first, last in PERIODS:
        found: FunnelView = lived.do(funnel, first=first, last=last, by="geo.region")
        cohort = [
            root for root, at in reference.heard.items() if found.first <= in_zone(min(at)) <= found.last
        ]
        assert [each.band or each.step for each in found.steps] == STEPS
        assert shown(found) == reference.funnel(cohort)
        values = [each.value for each in found.segments or ()]
        regions = {root: reference.attributes[root]["geo"]["region"] for root in cohort}
        assert {json.dumps(each) for each in values} == {
            json.dumps(_plain(each)) for each in regions.values()
        }
        for each in found.segments or ():
            same = [
                root
                for root, region in regions.items()
                if json.dumps(_plain(region)) == json.dumps(each.value)
            ]
            assert shown(each) == reference.funnel(same)
        assert found.other is None


def _plain(region: Any) -> Any:
    return 3 if region == 3.0 and region is not True else region


def test_segments_beyond_the_largest_fifty_are_together(lived: Play) -> None:
    reference = Reference(lived)
    found: FunnelView = lived.do(funnel, first=date(2026, 1, 1), last=None, by="size")
    shown_ = {each.value for each in found.segments or ()}
    rest = [root for root in reference.heard if reference.attributes[root]["size"] not in shown_]
    assert len(shown_) == 50
    assert found.other is not None
    assert found.other.segments == len(rest)
    assert shown(found.other) == reference.funnel(rest)


def test_outcomes_equal_the_reference(lived: Play) -> None:
    """Shown to fail by a day that ends in UTC."""
    reference = Reference(lived)
    for first, last in PERIODS:
        found: Outcomes = lived.do(outcomes, first=first, last=last)
        closed = [
            each
            for each in reference.handoffs
            if each["closed_at"] and found.first <= in_zone(each["closed_at"]) <= found.last
        ]
        assert found.total.model_dump() == _ended(closed)
        bands = {each["band"] for each in closed}
        assert {each.band: each.model_dump(exclude={"band"}) for each in found.bands} == {
            band: _ended(each for each in closed if each["band"] == band) for band in bands
        }
        rules = {rule for each in closed for rule in _rules(each)}
        assert {each.rule: each.model_dump(exclude={"rule"}) for each in found.rules} == {
            rule: _ended(each for each in closed if rule in _rules(each)) for rule in rules
        }


def _rules(handoff: Row) -> list[str]:
    return [line["rule"] for line in handoff["lines"] if line["faded_points"] > 0]


def _ended(handoffs_: Iterable[Row]) -> Row:
    closed = list(handoffs_)
    ended = Counter(each["outcome"] for each in closed)
    called = len(closed) - ended["withdrawn"]
    return {
        "handed_off": len(closed),
        **{outcome: ended[outcome] for outcome in (*OUTCOMES, "withdrawn")},
        "value": round(sum(each["value"] or 0 for each in closed), 6),
        "conversion_rate": round(ended["converted"] / called, 4) if called else None,
    }


def test_nothing_has_happened(play: Play) -> None:
    found: FunnelView = play.do(funnel, first=None, last=None, by=None)
    assert (found.last, (found.last - found.first).days) == (play.now.date(), 89)
    assert {(each.count, each.rate, each.since_previous) for each in found.steps} == {(0, None, None)}
    assert (found.segments, found.other) == (None, None)
    none: Outcomes = play.do(outcomes, first=None, last=None)
    assert (none.total.handed_off, none.total.conversion_rate, none.rules, none.bands) == (0, None, [], [])


def test_bands_that_are_steps(faulty: Play) -> None:
    """Not where everybody begins, not below that, and not beyond the threshold."""
    faulty.activate({"bands": {"sour": -10, "cold": 0, "hot": 20, "warm": 5, "blazing": 26}})
    found: FunnelView = faulty.do(funnel, first=None, last=None, by=None)
    assert [each.band for each in found.steps if each.step == "band"] == ["warm", "hot"]


def test_a_band_beyond_the_threshold_counts_for_those_below(play: Play) -> None:
    play.activate(
        {"bands": {"cold": 0, "warm": 10, "blazing": 40}, "handoff": {"at": 25, "gates": {"min_contacts": 9}}}
    )
    play.record(*(play.event("webinar.attended") for _ in range(5)))
    found: FunnelView = play.do(funnel, first=None, last=None, by=None)
    assert [(each.band or each.step, each.count) for each in found.steps][:3] == [
        ("first_event", 1),
        ("warm", 1),
        ("crossed", 0),
    ]


@pytest.mark.parametrize("service", [funnel, outcomes])
def test_a_period_that_ends_before_it_begins(play: Play, service: Any) -> None:
    by = {"by": None} if service is funnel else {}
    with pytest.raises(Invalid):
        play.do(service, first=date(2026, 3, 2), last=date(2026, 3, 1), **by)


def test_points_that_only_the_floor_gave_are_no_rules(play: Play) -> None:
    play.activate({"floor": 30})
    handoff = str(play.happens().handoff)
    assert [line.rule for line in play.handoff(handoff).lines] == ["visit", "floor"]
    play.close(handoff)
    found: Outcomes = play.do(outcomes, first=None, last=None)
    assert [each.rule for each in found.rules] == ["visit"]
