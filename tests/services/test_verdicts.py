"""Whether an event counts can be changed later; the score follows, and so does an unfounded hand-off."""

import random
from datetime import timedelta

import pytest

from app.errors import NotFound
from app.scoring.reading import read_rubric
from app.services.adjusting import SOURCE, adjust
from app.services.handoffs import snooze
from app.services.verdicts import change_verdict
from tests.support import oracle
from tests.support.play import SIMPLE, Play


def judge(play: Play, id_: str, verdict: str = "machine", *, source: str = "test") -> None:
    """Give an event another verdict."""
    play.do(change_verdict, source, id_, verdict=verdict, reason="link scanner", by="rep")


def cross(play: Play) -> str:
    """Three webinars, which are enough; the hand-off."""
    return str([play.happens("webinar.attended", id_=f"w{n}") for n in range(3)][-1].handoff)


@pytest.mark.parametrize("verdict", ["machine", "internal"])
def test_there_and_back(play: Play, verdict: str) -> None:
    play.happens(ago=3)
    play.happens("webinar.attended", id_="e", contact="jo@firm.example")
    judge(play, "e", verdict)
    assert (play.partner().score, play.partner().last_event_at) == (1, play.event(ago=3).occurred_at)
    judge(play, "e", "human")
    assert (play.partner().score, play.partner().last_event_at) == (11, play.now)


def test_the_same_again_changes_nothing(play: Play) -> None:
    play.happens(id_="e")
    for verdict in ("human", "machine", "machine", "internal"):
        judge(play, "e", verdict)
    assert play.partner().score == 0


def test_a_parked_event_is_judged_before_it_counts(play: Play) -> None:
    play.happens(partner=None, contact="jo@firm.example", id_="e")
    judge(play, "e")
    play.put(domains=["firm.example"])
    assert play.partner().score == 0
    judge(play, "e", "human")
    assert play.partner().score == 1


def test_no_such_event(play: Play) -> None:
    with pytest.raises(NotFound):
        judge(play, "nothing")


def test_an_adjustment_can_be_taken_back(play: Play) -> None:
    play.put()
    play.do(adjust, "p1", id_="a", points=12.345, reason="asked", by="rep")
    assert play.partner().score == 12.345
    judge(play, "a", source=SOURCE)
    assert play.partner().score == 0


@pytest.mark.parametrize("seed", range(4))
def test_scores_follow_any_verdicts(play: Play, seed: int) -> None:
    """Random verdicts on the events of a rubric full of caps; after each the score is the oracle's."""
    dice = random.Random(seed)
    capped = {
        "rules": [
            {
                "id": "a",
                "on": "page.viewed",
                "points": 1.5,
                "at_most": {"times": 2, "per": "week"},
                "group": "g",
            },
            {"id": "b", "on": "webinar.attended", "points": 4, "group": "g"},
        ],
        "groups": {"g": {"at_most": {"points": 7, "per": "month"}}},
        "fade": dice.choice([{"window_days": 15}, {"half_life_days": 5}]),
        "floor": 0,
    }
    play.activate(capped)
    kinds = ["page.viewed", "webinar.attended"]
    events = [play.event(dice.choice(kinds), ago=dice.randint(0, 30), id_=f"e{n}") for n in range(15)]
    play.record(*events)
    human = {event.id: True for event in events}
    for _ in range(15):
        event = dice.choice(events)
        human[event.id] = dice.random() < 0.5
        judge(play, event.id, "human" if human[event.id] else "machine")
        facts = [oracle.Fact("p1", e.type, e.occurred_at or play.now) for e in events if human[e.id]]
        wanted = {"p1": 0.0} | oracle.scores(read_rubric(SIMPLE | capped), facts, now=play.now)
        assert play.scores() == pytest.approx(wanted, abs=1.1e-6)


def test_an_unfounded_handoff_is_withdrawn(play: Play) -> None:
    id_ = cross(play)
    judge(play, "w1")
    shown = play.handoff(id_)
    assert (shown.state, shown.outcome, shown.history[-1].by) == ("closed", "withdrawn", "handraiser")
    assert "20 of 25" in str(shown.reason)
    assert play.partner().open_handoff is None


def test_a_handoff_with_enough_left_stays(play: Play) -> None:
    id_ = cross(play)
    play.happens("webinar.attended")
    judge(play, "w1")
    assert play.handoff(id_).state == "open"


def test_a_claimed_handoff_stays(play: Play) -> None:
    id_ = cross(play)
    play.claim(id_)
    judge(play, "w1")
    assert play.handoff(id_).state == "claimed"


def test_judging_the_past_opens_nothing_but_the_next_event_does(play: Play) -> None:
    cross(play)
    judge(play, "w1")
    judge(play, "w1", "human")
    assert (play.partner().score, play.partner().open_handoff) == (30, None)
    assert play.happens().handoff is not None


def test_a_handoff_is_judged_by_the_rubric_that_opened_it(play: Play) -> None:
    """A rubric whose points are a tenth of these does not make the hand-off unfounded."""
    id_ = cross(play)
    play.happens("webinar.attended")
    tenth = [{"id": "webinar", "on": "webinar.attended", "points": 1}]
    play.activate({"rules": tenth, "handoff": {"at": 2.5}})
    judge(play, "w1")
    assert play.handoff(id_).state == "open"


def test_snoozed_is_withdrawn_too(play: Play) -> None:
    """Nobody has claimed it."""
    events = [play.event("webinar.attended") for _ in range(3)]
    handoff = play.record(*events)[-1].handoff
    assert handoff is not None
    play.do(snooze, handoff, by="rep", until=play.now + timedelta(hours=1), reason=None)
    for each in events:
        play.do(change_verdict, "test", each.id, verdict="machine", reason="scanner", by="rep")
    assert play.handoff(handoff).outcome == "withdrawn"
