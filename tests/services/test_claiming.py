"""Claiming: the best for the caller, each to one person, and no more than the rubric allows."""

import pytest

from app.errors import ClaimLimit, Conflict
from app.services.claiming import claim, claim_next
from app.services.handoffs import Closing, close
from tests.services.desk import crosses, named, only, rep, terms
from tests.support.play import SIMPLE, Play

REP = "rep@vendor.example"
LEE = "lee@vendor.example"


def take(play: Play, by: str = REP, owner: str | None = None) -> str | None:
    """The partner of the next hand-off."""
    found = play.do(claim_next, by=by, owner=owner)
    return None if found is None else str(found.partner.id)


def test_nothing_to_take(play: Play) -> None:
    assert take(play) is None


def test_best_first_until_there_is_none(play: Play) -> None:
    for partner, webinars in (("a", 3), ("b", 5), ("c", 4)):
        crosses(play, partner, webinars=webinars)
    assert [take(play) for _ in range(4)] == ["b", "c", "a", None]


def test_grade_goes_before_score(play: Play) -> None:
    fit = {
        "rules": [{"id": "big", "where": {"employees": {"at_least": 10}}, "points": 1}],
        "grades": {"A": 1, "B": 0},
    }
    play.activate({"fit": fit})
    play.put("small")
    play.put("big", attributes={"employees": 50})
    crosses(play, "small", webinars=9)
    crosses(play, "big", webinars=3)
    assert named(play) == ["big", "small"]
    assert take(play) == "big"


def test_grades_are_ranked_as_the_rubric_does_now(play: Play) -> None:
    """Shown to fail when the ranks stay as they were."""
    crosses(play, "ungraded", webinars=9)
    fit = {
        "rules": [{"id": "big", "where": {"employees": {"at_least": 10}}, "points": 1}],
        "grades": {"A": 1, "B": 0},
    }
    play.activate({"fit": fit})
    play.put("big", attributes={"employees": 50})
    crosses(play, "big")
    assert named(play) == ["big", "ungraded"]


def test_order_is_by_the_score_now(play: Play) -> None:
    crosses(play, "a", webinars=3)
    crosses(play, "b", webinars=3)
    play.record(*(play.event("webinar.attended", "b") for _ in range(2)))
    assert named(play) == ["b", "a"]
    assert [only(play, each).score_now for each in ("b", "a")] == [50, 30]
    assert only(play, "b").score == 30


def test_age_breaks_ties(play: Play) -> None:
    for partner in ("z", "a"):
        crosses(play, partner)
        play.passes(0.01)
    assert named(play) == ["z", "a"]


def test_own_partners_first_then_nobodys_never_anothers(play: Play) -> None:
    for partner, owner, webinars in (("lees", LEE, 9), ("free", None, 8), ("mine", REP, 3)):
        play.put(partner, owner=owner)
        crosses(play, partner, webinars=webinars)
    assert [take(play) for _ in range(3)] == ["mine", "free", None]
    assert take(play, owner=LEE) == "lees"


def test_no_more_than_the_rubric_allows(play: Play) -> None:
    terms(play, max_claimed=2)
    for partner in "abcd":
        crosses(play, partner)
    assert [take(play), take(play)] == ["a", "b"]
    with pytest.raises(ClaimLimit):
        take(play)
    with pytest.raises(ClaimLimit):
        play.do(claim, only(play, "c").id, by=REP)
    assert take(play, by=LEE) == "c"
    play.do(close, only(play, "a").id, Closing("accepted"), by=REP)
    assert take(play) == "d"


def test_who_is_switched_off_claims_nothing(play: Play) -> None:
    crosses(play, "a")
    rep(play, REP, active=False)
    with pytest.raises(Conflict):
        take(play)
    with pytest.raises(Conflict):
        play.do(claim, only(play, "a").id, by=REP)


def test_order_survives_fading(play: Play) -> None:
    play.activate({"fade": {"half_life_days": 1}, "handoff": SIMPLE["handoff"] | {"at": 5, "rearm_below": 1}})
    crosses(play, "a", webinars=3)
    play.passes(2)
    crosses(play, "b", webinars=2)
    assert named(play) == ["b", "a"]
    assert only(play, "a").score_now == 7.5
