"""Capacity: the best are opened, the rest wait in sight, nobody is forgotten and nobody is told twice."""

from datetime import timedelta

import pytest

from app.errors import HandoffState
from app.services.handoffs import Closing, assign, close
from app.services.merging import merge, unmerge
from app.services.verdicts import change_verdict
from tests.services.desk import crosses, moves, named, only, rep, tend, terms
from tests.services.test_moves import make
from tests.support.play import SIMPLE, Play

WEEK = 7 * 24


def burst(play: Play, **webinars: int) -> None:
    """Partners that cross in one transaction."""
    play.record(
        *(play.event("webinar.attended", each) for each, times in webinars.items() for _ in range(times))
    )


def test_best_of_a_burst_are_opened(play: Play) -> None:
    terms(play, per_week=2)
    burst(play, a=3, b=5, c=4, d=6)
    assert named(play, "open") == ["d", "b"]
    assert named(play, "waiting") == ["c", "a"]


def test_event_of_one_that_waits_opened_nothing(play: Play) -> None:
    terms(play, per_week=1)
    assert crosses(play, "a") is not None
    assert crosses(play, "b") is None
    found = only(play, "b")
    assert (found.state, found.opened_at, found.due_at) == ("waiting", None, None)
    assert play.partner("b").open_handoff == found.id


def test_next_week_the_best_are_opened(play: Play) -> None:
    terms(play, per_week=2)
    burst(play, a=9, b=8, c=3, d=5, e=4)
    tend(play, hours=WEEK)
    assert named(play, "waiting") == ["c"]
    assert named(play, "open") == ["a", "b", "d", "e"]
    tend(play, hours=WEEK)
    assert named(play, "waiting") == []
    assert moves(play, only(play, "c").id) == ["wait", "open"]


def test_week_ends_at_midnight_of_the_programs_zone(play: Play) -> None:
    """NOON is a Monday, 12:00 UTC."""
    zone = {"time_zone": "Pacific/Auckland"}
    play.activate(zone | {"handoff": SIMPLE["handoff"] | {"per_week": 1}})
    burst(play, a=4, b=3)
    tend(play, hours=6 * 24 - 2)  # Sunday 10:00 UTC is 23:00 in Auckland
    assert named(play, "waiting") == ["b"]
    tend(play, hours=1.5)
    assert named(play, "waiting") == []


def test_is_told_as_it_is_when_opened(play: Play) -> None:
    terms(play, per_week=1)
    burst(play, a=4, b=3)
    play.record(play.event("webinar.attended", "b"), play.event("page.viewed", "b"))
    assert only(play, "b").score == 30
    tend(play, hours=WEEK)
    found = only(play, "b")
    assert (found.score, found.score_now, found.opened_at) == (41, 41, play.now)
    assert {line.rule: line.occurrences for line in found.lines} == {"webinar": 4, "visit": 1}


def test_newcomers_do_not_pass_those_in_line(play: Play) -> None:
    terms(play, per_week=1)
    burst(play, a=4, b=3)
    play.now += timedelta(hours=WEEK)  # and nobody has tended the desk yet
    crosses(play, "c", webinars=2)
    crosses(play, "c", webinars=9)
    assert named(play, "waiting") == ["c", "b"]
    tend(play)
    assert only(play, "c").state == "open"


def test_withdrawn_gives_its_place_back(play: Play) -> None:
    terms(play, per_week=1)
    play.record(*(play.event("webinar.attended", "a", id_=f"a{n}") for n in range(3)))
    crosses(play, "b")
    play.do(change_verdict, "test", "a1", verdict="machine", reason="scanner", by="rep")
    tend(play)
    assert named(play, "open") == ["b"]


def test_withdrawn_while_it_waits(play: Play) -> None:
    terms(play, per_week=1)
    crosses(play, "a")
    play.record(*(play.event("webinar.attended", "b", id_=f"b{n}") for n in range(3)))
    handoff = only(play, "b").id
    play.do(change_verdict, "test", "b1", verdict="machine", reason="scanner", by="rep")
    assert (play.handoff(handoff).outcome, moves(play, handoff)) == ("withdrawn", ["wait", "close"])


def test_opened_late_below_the_threshold_it_stands(play: Play) -> None:
    play.activate({"fade": {"half_life_days": 7}, "handoff": SIMPLE["handoff"] | {"per_week": 1}})
    burst(play, a=4, b=3)
    tend(play, hours=WEEK)
    assert (only(play, "b").state, only(play, "b").score) == ("open", 15)
    play.settle()
    play.happens(partner="b", id_="later")
    play.do(change_verdict, "test", "later", verdict="machine", reason="scanner", by="rep")
    assert only(play, "b").state == "open"


def test_owner_is_that_of_the_opening(play: Play) -> None:
    terms(play, per_week=1)
    for partner in "bc":
        play.put(partner, owner="old@v.example")
    burst(play, a=5, b=4, c=3)
    play.put("b", owner="new@v.example")
    play.do(assign, only(play, "c").id, by="lead", owner="chosen@v.example", reason=None)
    tend(play, hours=WEEK)
    tend(play, hours=WEEK)
    assert [only(play, each).owner for each in "bc"] == ["new@v.example", "chosen@v.example"]


def test_closing_gives_no_place_back_within_the_week(play: Play) -> None:
    terms(play, per_week=1)
    burst(play, a=4, b=3)
    play.close(only(play, "a").id)
    tend(play)
    assert only(play, "b").state == "waiting"


def test_who_waits_can_be_closed(play: Play) -> None:
    terms(play, per_week=1)
    burst(play, a=4, b=3)
    play.do(close, only(play, "b").id, Closing("rejected", "not now"), by="lead@vendor.example")
    assert only(play, "b").outcome == "rejected"


@pytest.mark.parametrize("move", ["claim", "release", "snooze", "unsnooze"])
def test_who_waits_cannot_be_called(play: Play, move: str) -> None:
    terms(play, per_week=1)
    burst(play, a=4, b=3)
    known = only(play, "b")
    with pytest.raises(HandoffState):
        make(play, known.id, move)
    assert only(play, "b") == known


def test_desk_without_limit_opens_all_that_wait(play: Play) -> None:
    terms(play, per_week=1)
    burst(play, a=4, b=3, c=5)
    terms(play)
    tend(play)
    assert named(play, "waiting") == []


def test_opened_for_the_past_within_capacity(play: Play) -> None:
    play.activate({"handoff": None})
    burst(play, a=4, b=3, c=5)
    play.activate({"handoff": SIMPLE["handoff"] | {"per_week": 2}}, open_for_past=True)
    assert (named(play, "open"), named(play, "waiting")) == (["c", "a"], ["b"])


def test_merged_keeps_the_one_that_is_further(play: Play) -> None:
    terms(play, per_week=1)
    burst(play, a=4, b=3)
    play.do(merge, "a", "b")
    assert _unfinished(play) == [("b", "open")]
    play.do(unmerge, "a")
    assert _unfinished(play) == [("b", "open")]


def _unfinished(play: Play) -> list[tuple[str, str]]:
    return [
        (each, state) for state in ("waiting", "open", "claimed", "snoozed") for each in named(play, state)
    ]


def test_owner_is_found_when_it_is_opened(play: Play) -> None:
    rep(play, "rep@vendor.example")
    terms(play, per_week=1, assign="round_robin")
    burst(play, a=4, b=3)
    assert (only(play, "a").owner, only(play, "b").owner) == ("rep@vendor.example", None)
    tend(play, hours=WEEK)
    assert only(play, "b").owner == "rep@vendor.example"
