"""What happens to hand-offs by themselves: overdue once, and back to the queue if nobody touches them."""

from datetime import UTC, datetime, timedelta

from app.services.alarms import ring
from app.services.claiming import claim
from app.services.handoffs import note
from app.services.handoffs import snooze as put_off
from tests.services.desk import crosses, moves, only, tend, terms
from tests.support.play import Play

REP = "rep@vendor.example"


def test_overdue_once(play: Play) -> None:
    crosses(play, "a")
    handoff = only(play, "a")
    assert handoff.due_at == play.now + timedelta(hours=24)
    tend(play, hours=23.9)
    assert moves(play, handoff.id) == ["open"]
    tend(play, hours=0.2)
    found = only(play, "a")
    assert (found.state, found.overdue_at) == ("open", play.now)
    play.claim(handoff.id)
    tend(play, hours=500)
    assert moves(play, handoff.id) == ["open", "overdue", "claim"]


def test_claimed_can_be_overdue_too(play: Play) -> None:
    crosses(play, "a")
    play.claim(only(play, "a").id)
    tend(play, hours=25)
    assert moves(play, only(play, "a").id) == ["open", "claim", "overdue"]


def test_nobody_is_late_while_it_sleeps(play: Play) -> None:
    crosses(play, "a")
    handoff = only(play, "a").id
    play.do(put_off, handoff, by=REP, until=play.now + timedelta(hours=48), reason=None)
    tend(play, hours=47)
    assert moves(play, handoff) == ["open", "snooze"]
    tend(play, hours=2)
    tend(play, hours=24)
    assert moves(play, handoff) == ["open", "snooze", "unsnooze", "overdue"]


def test_working_hours_set_the_deadline(play: Play) -> None:
    play.now = datetime(2026, 3, 20, 16, tzinfo=UTC)  # a Friday
    terms(play, due_hours=4, hours={"days": ["mon", "fri"], "from": "09:00", "to": "17:00"})
    crosses(play, "a")
    assert only(play, "a").due_at == datetime(2026, 3, 23, 12, tzinfo=UTC)


def test_untouched_claim_goes_back(play: Play) -> None:
    terms(play, release_after_hours=4, due_hours=1000)
    crosses(play, "a")
    handoff = only(play, "a").id
    play.do(claim, handoff, by=REP)
    tend(play, hours=3)
    play.do(note, handoff, by=REP, text="no answer yet")
    tend(play, hours=3)
    assert only(play, "a").state == "claimed"
    tend(play, hours=2)
    found = only(play, "a")
    assert (found.state, found.claimed_by) == ("open", None)
    assert moves(play, handoff) == ["open", "claim", "note", "release"]
    assert (found.history[-1].by, REP in str(found.history[-1].reason)) == ("handraiser", True)


def test_being_overdue_is_no_touch(play: Play) -> None:
    terms(play, release_after_hours=4, due_hours=3)
    crosses(play, "a")
    play.claim(only(play, "a").id)
    tend(play, hours=3)
    tend(play, hours=1)
    assert moves(play, only(play, "a").id) == ["open", "claim", "overdue", "release"]


def test_rubric_that_allows_more_time_is_heeded(play: Play) -> None:
    """The alarm was set by the rubric before."""
    terms(play, release_after_hours=1, due_hours=1000)
    crosses(play, "a")
    play.claim(only(play, "a").id)
    terms(play, release_after_hours=10, due_hours=1000)
    tend(play, hours=2)
    assert only(play, "a").state == "claimed"
    tend(play, hours=9)
    assert only(play, "a").state == "open"


def test_rubric_that_allows_less_time_is_heeded(play: Play) -> None:
    """Also by a claim that has no alarm left. Shown to fail when activating leaves claims alone."""
    crosses(play, "a")
    play.claim(only(play, "a").id)
    tend(play, hours=30)
    terms(play, release_after_hours=4)
    tend(play)
    assert (only(play, "a").state, moves(play, only(play, "a").id)[-1]) == ("open", "release")


def test_alarm_that_somebody_else_heard_changes_nothing(play: Play) -> None:
    crosses(play, "a")
    handoff = only(play, "a").id
    tend(play, hours=25)
    known = play.handoff(handoff)
    play.do(ring, handoff)
    assert play.handoff(handoff) == known
