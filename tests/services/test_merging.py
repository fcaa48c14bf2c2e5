"""Merging and un-merging: scores follow exactly, both ways."""

import random

import pytest

from app.errors import Conflict, NotFound
from app.scoring.reading import read_rubric
from app.services.merging import merge, unmerge
from app.services.partners import PartnerData, put_partners
from app.services.verdicts import change_verdict
from app.sources.event import NewEvent
from tests.support import oracle
from tests.support.play import SIMPLE, Play

CAPPED = {
    "fade": {"half_life_days": 9},
    "rules": [
        {
            "id": "visit",
            "on": "page.viewed",
            "points": 1,
            "at_most": {"times": 2, "per": "day"},
            "group": "g",
        },
        {"id": "webinar", "on": "webinar.attended", "points": 7.25, "group": "g"},
    ],
    "groups": {"g": {"at_most": {"points": 11.5, "per": "week"}}},
}
NAMES = ("a", "b", "c", "d")


def expected(play: Play, events: list[NewEvent], merges: dict[str, str]) -> dict[str, float]:
    """The oracle's scores, those who did nothing included."""
    facts = [oracle.Fact(_root(str(e.partner), merges), e.type, e.occurred_at or play.now) for e in events]
    return dict.fromkeys(NAMES, 0.0) | oracle.scores(read_rubric(SIMPLE | CAPPED), facts, now=play.now)


def _root(name: str, merges: dict[str, str]) -> str:
    return _root(merges[name], merges) if name in merges else name


@pytest.mark.parametrize("seed", range(4))
def test_scores_follow_any_merges(play: Play, seed: int) -> None:
    """Random events, merges and un-merges; after each step all scores are the oracle's."""
    dice = random.Random(seed)
    play.activate(CAPPED)
    for name in NAMES:
        play.put(name)
    events: list[NewEvent] = []
    merges: dict[str, str] = {}
    for _ in range(12):
        new = [
            play.event(
                dice.choice(["page.viewed", "webinar.attended"]), dice.choice(NAMES), ago=dice.randint(0, 20)
            )
            for _ in range(4)
        ]
        play.record(*new)
        events += new
        one, other = dice.sample(NAMES, 2)
        if one in merges:
            play.do(unmerge, one)
            del merges[one]
        elif _root(other, merges) != one:
            play.do(merge, one, other)
            merges[one] = other
        assert play.scores() == pytest.approx(_shown(expected(play, events, merges), merges), abs=1.1e-6)
    assert play.differences() == []


def _shown(scores: dict[str, float], merges: dict[str, str]) -> dict[str, float]:
    """A merged partner is shown with the score of the one it counts for."""
    return {name: scores[_root(name, merges)] for name in NAMES}


def test_merging_and_back_is_as_if_it_had_never_been(play: Play) -> None:
    play.activate(CAPPED)
    play.record(*(play.event(partner=name, ago=n % 3) for n, name in enumerate("aabbbb")))
    before = play.scores()
    play.do(merge, "a", "b")
    assert play.scores()["a"] == play.scores()["b"] != before["b"]
    play.do(unmerge, "a")
    assert play.scores() == before


def test_a_chain_opened_in_the_middle(play: Play) -> None:
    for name in "abc":
        play.happens(partner=name)
    play.do(merge, "a", "b")
    play.do(merge, "b", "c")
    assert play.partner("a").score == 3
    play.do(unmerge, "b")
    assert (play.partner("a").score, play.partner("c").score) == (2, 1)
    assert (play.partner("a").merged_into, play.partner("b").merged_into) == ("b", None)


@pytest.mark.parametrize("path", [["aa"], ["ab", "ba"], ["ab", "bc", "ca"], ["ab", "ac"]])
def test_rings_and_second_merges_are_refused(play: Play, path: list[str]) -> None:
    for name in "abc":
        play.put(name)
    *possible, last = [list(pair) for pair in path]
    for pair in possible:
        play.do(merge, *pair)
    with pytest.raises(Conflict):
        play.do(merge, *last)


def test_what_was_not_merged_is_not_unmerged(play: Play) -> None:
    play.put()
    with pytest.raises(Conflict):
        play.do(unmerge, "p1")
    with pytest.raises(NotFound):
        play.do(merge, "p1", "nobody")


def test_an_open_handoff_goes_along(play: Play) -> None:
    play.put("b")
    id_ = str(play.record(*(play.event("webinar.attended", "a") for _ in range(3)))[-1].handoff)
    play.do(merge, "a", "b")
    assert (play.partner("b").open_handoff, play.handoff(id_).partner.id) == (id_, "b")
    assert play.happens("webinar.attended", "a").handoff is None


def test_of_two_open_handoffs_one_is_withdrawn(play: Play) -> None:
    a, b = (
        str(play.record(*(play.event("webinar.attended", name) for _ in range(3)))[-1].handoff)
        for name in "ab"
    )
    play.do(merge, "a", "b")
    assert (play.handoff(a).outcome, play.handoff(b).state) == ("withdrawn", "open")


def test_merging_the_past_opens_nothing_but_the_next_event_does(play: Play) -> None:
    for name in "ab":
        play.record(*(play.event("webinar.attended", name) for _ in range(2)))
    play.do(merge, "a", "b")
    assert (play.partner("b").score, play.partner("b").open_handoff) == (40, None)
    assert play.happens(partner="a").handoff == play.partner("b").open_handoff is not None


def test_a_verdict_on_an_event_of_a_merged_partner(play: Play) -> None:
    play.happens(partner="b")
    play.happens("webinar.attended", "a", id_="e")
    play.do(merge, "a", "b")
    play.do(change_verdict, "test", "e", verdict="machine", reason="scanner", by="rep")
    assert play.partner("b").score == 1
    play.do(unmerge, "a")
    assert play.scores() == {"a": 0, "b": 1}


def test_a_merged_partner_follows_rubrics_and_profiles(play: Play) -> None:
    """Its standing is kept for an un-merge, so it must stay what a rebuild makes of it."""
    play.happens(partner="a")
    play.happens(partner="b")
    play.do(merge, "a", "b")
    grades = {"rules": [{"id": "big", "where": {"size": 1}, "points": 5}], "grades": {"X": 5, "Y": 0}}
    play.activate({"fit": grades, "bands": {"cool": 0}})
    assert play.differences() == []
    play.do(put_partners, [PartnerData("a", attributes={"size": 1})])
    assert play.differences() == []
    play.do(unmerge, "a")
    assert (play.partner("a").grade, play.partner("b").grade) == ("X", "Y")
