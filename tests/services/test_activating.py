"""Activation step by step, and what may happen between two steps."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from app.models import deliveries, draft_standings, handoffs, signals, tallies
from app.services.activating import Opening, begin, build_some, switch
from app.services.merging import merge, unmerge
from app.services.previewing import start_preview
from app.services.rubrics import drop_rubric, previous_version, prune_signals
from app.services.score_feed import changed_scores
from app.services.scores import score_of_partner
from app.services.signal_counting import count_some
from app.services.verdicts import change_verdict
from tests.support.play import SIMPLE, Play, rows_of

DEEP: dict[str, Any] = {
    "rules": [
        *SIMPLE["rules"],
        {"id": "deep", "on": "page.viewed", "points": 4, "where": {"path": {"starts_with": "/d"}}},
    ],
    "fit": {
        "rules": [{"id": "big", "points": 5, "where": {"size": {"at_least": 10}}}],
        "grades": {"A": 5, "B": 0},
    },
}
PEOPLE = [f"p{n}" for n in range(6)]


@pytest.fixture
def town(play: Play, monkeypatch: pytest.MonkeyPatch) -> Play:
    """Six partners with a visit each, worked on two at a time."""
    for module in ("activating", "signal_counting"):
        monkeypatch.setattr(f"app.services.{module}.PARTNERS_AT_ONCE", 2)
    play.record(*(play.event(partner=who, path="/deal", id_=f"first-{who}", ago=1) for who in PEOPLE))
    return play


def count_step(play: Play, version: int) -> bool:
    """Count for the next two partners."""
    return play.run(lambda c: count_some(c, play.program, version))


def count_all(play: Play, version: int) -> None:
    """Count to the end."""
    while not count_step(play, version):
        pass


def built(play: Play, version: int) -> None:
    """Everything drafted that can be."""
    assert play.do(begin, version)
    count_all(play, version)
    after: str | None = ""
    while after is not None:
        after = play.do(build_some, version, after=after)


def drafts(play: Play) -> int:
    """How many partners have a draft."""
    return int(str(rows_of(play.run, select(func.count()).select_from(draft_standings))[0][0]))


def late(play: Play) -> None:
    """A late event, worth something only to the version that is being built."""
    play.happens("page.viewed", "p1", path="/deep", ago=2)


def visit(play: Play) -> None:
    """Events for partners on both sides of any cursor."""
    play.record(*(play.event(partner=who, path="/deal") for who in ("a", "p0", "p3", "p5", "z")))


def grow(play: Play) -> None:
    """A profile that only the new version looks at."""
    play.put("p2", attributes={"size": 20})


def judge(play: Play) -> None:
    """A first event turns out to be a machine's; another is given back."""
    play.do(change_verdict, "test", "first-p0", verdict="machine", reason="scanner", by="rep")
    play.do(change_verdict, "test", "first-p5", verdict="machine", reason="scanner", by="rep")
    play.do(change_verdict, "test", "first-p5", verdict="human", reason="not so", by="rep")


def marry(play: Play) -> None:
    """Merges in both directions across any cursor."""
    play.do(merge, "p0", "p5")
    play.do(merge, "p4", "p1")


def divorce(play: Play) -> None:
    """A merge undone."""
    play.do(merge, "p0", "p5")
    play.do(unmerge, "p0")


def midnight(play: Play) -> None:
    """The day ends."""
    play.passes(1)


MEANWHILE = [visit, late, grow, judge, marry, divorce, midnight]


@pytest.mark.parametrize("happens", MEANWHILE)
def test_between_two_steps_of_counting(town: Play, happens: Callable[[Play], None]) -> None:
    """Shown to fail by a `keeps` that says yes to every partner."""
    version = town.draft(DEEP)
    count_step(town, version)
    happens(town)
    assert town.differences() == []
    count_step(town, version)
    happens_again(town, happens)
    count_all(town, version)
    town.do(switch, version, by="test")
    assert town.differences() == []


@pytest.mark.parametrize("happens", MEANWHILE)
@pytest.mark.parametrize("fade", [None, {"half_life_days": 2}, {"window_days": 1}])
def test_between_building_and_switching(
    town: Play, happens: Callable[[Play], None], fade: dict[str, int] | None
) -> None:
    """Shown to fail by a publishing that drops no draft, or only those of standings that move."""
    version = town.draft(DEEP | {"fade": fade})
    built(town, version)
    assert drafts(town) == len(PEOPLE)
    happens(town)
    town.do(switch, version, by="test")
    assert drafts(town) == 0
    assert town.differences() == []


def happens_again(town: Play, happens: Callable[[Play], None]) -> None:
    """Once more, where that can be."""
    if happens not in {marry, divorce, judge}:
        happens(town)


def test_a_draft_can_be_asked_for_while_it_is_counted(town: Play) -> None:
    version = town.draft(DEEP)
    count_step(town, version)
    for who in ("p0", "p5"):
        shown = town.do(score_of_partner, who, as_of=None, version=version)
        assert shown.score == 5


def test_nothing_shows_before_the_switch(town: Play) -> None:
    before = town.scores()
    version = town.draft(DEEP)
    built(town, version)
    assert town.scores() == before
    town.do(switch, version, by="test")
    assert town.scores() == dict.fromkeys(PEOPLE, 5)


def test_another_activation_takes_over(town: Play) -> None:
    first, second = town.draft(DEEP), town.draft({"rules": [{**SIMPLE["rules"][0], "points": 3}]})
    built(town, first)
    assert town.do(begin, second)
    assert town.do(build_some, first, after="") is None
    assert town.do(build_some, second, after="") == "p1"
    town.do(switch, first, by="test")
    assert town.scores() == dict.fromkeys(PEOPLE, 5)
    assert town.do(build_some, second, after="p1") is None
    town.do(switch, second, by="test")
    assert town.scores() == dict.fromkeys(PEOPLE, 3)


def test_the_day_ends_while_it_is_built(town: Play) -> None:
    version = town.draft(DEEP | {"fade": {"window_days": 2}})
    assert town.do(begin, version)
    count_all(town, version)
    assert town.do(build_some, version, after="") == "p1"
    town.now += timedelta(days=1)
    assert town.do(build_some, version, after="p1") is None
    town.do(switch, version, by="test")
    assert set(town.scores().values()) == {0}
    assert town.differences() == []


def test_a_dropped_draft_leaves_nothing_to_its_successor(town: Play) -> None:
    """The next rubric gets its number."""
    version = town.draft(DEEP)
    built(town, version)
    town.run(lambda c: drop_rubric(c, town.program, version))
    assert town.draft({"rules": [{**SIMPLE["rules"][0], "points": 3}]}) == version
    town.do(switch, version, by="test")
    assert town.scores() == dict.fromkeys(PEOPLE, 3)


def test_another_time_zone_while_a_preview_is_counted(town: Play) -> None:
    """What is half counted was counted by the old days; at half past two in UTC it is yesterday in Denver.

    Shown to fail by a recount of those signals only whose counting is finished.
    """
    town.happens(partner="p0", path="/deal", ago=0.4)
    preview = town.draft(DEEP)
    count_step(town, preview)
    town.activate({"time_zone": "America/Denver"})
    assert town.differences() == []
    town.do(switch, preview, by="test")
    assert town.differences() == []


def test_the_first_activation(faulty: Play) -> None:
    faulty.record(*(faulty.event(partner=who, path="/deal") for who in PEOPLE))
    version = faulty.draft(DEEP)
    assert not faulty.do(begin, version)
    faulty.do(switch, version, by="test")
    assert faulty.scores() == dict.fromkeys(PEOPLE, 5)
    assert faulty.differences() == []


def test_the_feed_reports_each_changed_partner_once(town: Play) -> None:
    """Shown to fail by drafts that all say they have changed."""
    town.happens("webinar.attended", "p3")
    position = feed(town, 0)[1]
    town.activate({"rules": [SIMPLE["rules"][0], {**SIMPLE["rules"][1], "points": 11}]})
    assert feed(town, position)[0] == ["p3"]
    position = feed(town, position)[1]
    town.activate({"rules": [SIMPLE["rules"][0], {**SIMPLE["rules"][1], "points": 12}], "bands": {"x": 0}})
    assert sorted(feed(town, position)[0]) == PEOPLE


def feed(play: Play, after: int) -> tuple[list[str], int]:
    """Who has changed since, and the place to go on after."""
    changed, position = play.do(changed_scores, after=after, limit=100)
    return [each.partner for each in changed], position


def test_opens_the_best_only_and_only_through_the_gates(town: Play) -> None:
    town.record(*(town.event(partner=who, path="/deal") for who in ("p1", "p4", "p4", "p5")))
    town.happens(partner="p3", contact="jo@firm.example")
    gated = {"handoff": {"at": 5, "rearm_below": 1, "gates": {"require_any": ["webinar.attended"]}}}
    town.happens("webinar.attended", "p5")
    version = town.draft(gated)
    town.do(switch, version, by="test", opening=Opening(wanted=True))
    assert opened(town) == ["p5"]
    version = town.draft({"handoff": {"at": 1, "rearm_below": 0}})
    town.do(switch, version, by="test", opening=Opening(wanted=True, limit=2))
    assert sorted(opened(town)) == ["p1", "p4", "p5"]


def opened(play: Play) -> list[str]:
    """Partners with a hand-off, in the order they were opened."""
    return [str(row[0]) for row in rows_of(play.run, select(handoffs.c.partner).order_by(handoffs.c.id))]


def test_nothing_opens_unless_asked(town: Play) -> None:
    town.activate({"handoff": {"at": 1, "rearm_below": 0}})
    assert opened(town) == []
    assert rows_of(town.run, select(deliveries.c.id)) == []


def test_who_is_due_to_be_armed_still_is(town: Play) -> None:
    """An activation right after midnight, before the day's settling."""
    town.record(*(town.event("webinar.attended", "p0") for _ in range(3)))
    town.close(str(town.partner("p0").open_handoff))
    due = town.activate({"handoff": SIMPLE["handoff"] | {"rearm_after_days": {"accepted": 1}}})
    assert not town.partner("p0").armed
    town.now += timedelta(days=400)
    town.do(switch, due, by="test")
    town.settle()
    assert town.partner("p0").armed


def test_rolling_back_and_forth(town: Play) -> None:
    version = town.activate(DEEP)
    for expected, points in ((1, 1), (version, 5)):
        assert town.run(lambda c: previous_version(c, town.program)) == expected
        town.do(switch, expected, by="test")
        assert set(town.scores().values()) == {points}


def test_signals_that_no_rubric_uses_are_forgotten(town: Play) -> None:
    version = town.draft(DEEP)
    count_all(town, version)
    counted = len(rows_of(town.run, select(tallies.c.signal)))
    assert town.run(lambda c: prune_signals(c, town.program)) == 0
    town.run(lambda c: drop_rubric(c, town.program, version))
    assert town.run(lambda c: prune_signals(c, town.program)) == 1
    assert len(rows_of(town.run, select(tallies.c.signal))) == counted - len(PEOPLE)
    assert len(rows_of(town.run, select(signals.c.key))) == len(SIMPLE["rules"])
    assert town.differences() == []


def test_counting_for_a_preview_is_there_for_the_activation(town: Play) -> None:
    version = town.draft(DEEP)
    town.do(start_preview, version, as_of=None)
    count_all(town, version)
    assert count_step(town, version)
    built(town, version)
