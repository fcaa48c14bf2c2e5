"""Clicks may have to wait before they count; a burst in the meantime makes them a machine's."""

from datetime import timedelta
from typing import Any

import pytest

from app.models import events
from app.services import settled_clicks
from app.services.settled_clicks import count_settled
from app.services.verdicts import change_verdict
from app.sources.event import NewEvent
from tests.support.play import SIMPLE, Play

CLICK = {"id": "click", "on": "email.clicked", "points": 10}
OPENED = {"id": "open", "on": "email.opened", "points": 1}


@pytest.fixture(autouse=True)
def _clicks_count(play: Play) -> None:
    play.activate({"rules": [*SIMPLE["rules"], CLICK, OPENED]})


def click(play: Play, link: str = "/a", **about: Any) -> NewEvent:
    """A click a second ago."""
    told: dict[str, Any] = {"contact": "jo@firm.example", "url": link, "message": "m", "ago": 1 / 86_400}
    return play.event("email.clicked", **(told | about))


def waits(play: Play, seconds: float) -> None:
    """Time passes, and the service counts what is due."""
    play.now += timedelta(seconds=seconds)
    while play.do(count_settled):
        pass


def test_a_click_counts_once_its_time_is_over(play: Play) -> None:
    event = click(play)
    result = play.posts(event, settle=60)[0]
    assert (result.status, result.score, play.verdicts()[event.id]) == ("accepted", 0, "settling")
    waits(play, 59.9)
    assert play.partner().score == 0
    waits(play, 0.1)
    assert (play.partner().score, play.verdicts()[event.id]) == (10, "human")
    assert play.differences() == []


def test_only_clicks_wait(play: Play) -> None:
    play.posts(play.event("email.opened"), play.event(), settle=60)
    assert play.partner().score == 2


def test_a_click_in_a_burst_never_counts(play: Play) -> None:
    play.posts(click(play), settle=60)
    play.now += timedelta(seconds=2)
    play.posts(click(play, "/b"), settle=60)
    waits(play, 60)
    assert set(play.verdicts().values()) == {"machine"}
    assert play.partner().score == 0


def test_a_burst_that_is_told_too_late(play: Play) -> None:
    first, second = click(play), click(play, "/b")
    play.posts(first, settle=60)
    waits(play, 60)
    play.posts(second, settle=60)
    assert set(play.verdicts().values()) == {"machine"}
    assert play.partner().score == 0


def test_the_handoff_opens_when_the_click_counts(play: Play) -> None:
    play.record(play.event("webinar.attended"), play.event("webinar.attended"))
    assert play.posts(click(play), settle=60)[0].handoff is None
    waits(play, 60)
    opened = play.partner().open_handoff
    assert opened is not None
    assert play.handoff(opened).trigger.type == "email.clicked"


def test_parked(play: Play) -> None:
    """It counts when both its time is over and its partner is known."""
    play.posts(click(play, partner=None), click(play, partner=None, contact="jo@other.example"), settle=60)
    play.put("p1", domains=["firm.example"])
    assert play.partner().score == 0
    waits(play, 60)
    assert play.partner().score == 10
    play.put("p2", domains=["other.example"])
    assert play.partner("p2").score == 10


@pytest.mark.parametrize(("verdict", "score"), [("human", 10), ("machine", 0)])
def test_a_persons_word_comes_first(play: Play, verdict: str, score: int) -> None:
    event = click(play)
    play.posts(event, settle=60)
    play.do(change_verdict, "test", event.id, verdict=verdict, reason="seen", by="admin")
    assert play.partner().score == score
    waits(play, 60)
    assert (play.partner().score, play.verdicts()[event.id]) == (score, verdict)


def test_batch_by_batch(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settled_clicks, "CLICKS_AT_ONCE", 3)
    play.posts(*(click(play, message=f"m{n}") for n in range(7)), settle=1)
    play.now += timedelta(seconds=1)
    assert [play.do(count_settled) for _ in range(4)] == [3, 3, 1, 0]
    assert play.partner().score == 70


def test_verify_sees_a_click_that_counted_too_early(play: Play) -> None:
    """Planted: a settling click among the tallies."""
    play.posts(click(play))
    play.execute(events.update().values(verdict="settling"))
    assert play.differences() != []
    play.execute(events.update().values(verdict="human"))
