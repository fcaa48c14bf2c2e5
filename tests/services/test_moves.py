"""Moves of a hand-off: from which states, to which, and how the history tells it."""

from datetime import timedelta

import pytest

from app.errors import HandoffState, Invalid
from app.services.claiming import claim
from app.services.handoffs import Closing, assign, close, note, release, snooze, unsnooze
from tests.services.desk import crosses, moves, queue, tend, terms
from tests.support.play import Play

REP = "rep@vendor.example"


@pytest.fixture
def handoff(play: Play) -> str:
    opened = crosses(play, "p1")
    assert opened is not None
    return opened


def put_off(play: Play, handoff: str, *, hours: float = 1) -> None:
    play.do(snooze, handoff, by=REP, until=play.now + timedelta(hours=hours), reason="call back")


def test_snoozed_until_its_time(play: Play, handoff: str) -> None:
    put_off(play, handoff, hours=2)
    assert play.handoff(handoff).state == "snoozed"
    tend(play, hours=1.9)
    assert play.handoff(handoff).state == "snoozed"
    tend(play, hours=0.2)
    assert play.handoff(handoff).state == "open"
    assert moves(play, handoff) == ["open", "snooze", "unsnooze"]


def test_history_says_until_when(play: Play, handoff: str) -> None:
    put_off(play, handoff)
    line = play.handoff(handoff).history[-1]
    assert (line.by, line.reason, line.state) == (REP, "call back", "snoozed")
    assert line.details == {"until": "2026-03-16T13:00:00Z"}


def test_claimed_can_be_snoozed_and_comes_back_to_the_queue(play: Play, handoff: str) -> None:
    play.do(claim, handoff, by=REP)
    put_off(play, handoff)
    tend(play, hours=1)
    found = play.handoff(handoff)
    assert (found.state, found.claimed_by, found.snoozed_until) == ("open", None, None)


def test_snooze_moves_the_deadline(play: Play, handoff: str) -> None:
    put_off(play, handoff, hours=100)
    assert play.handoff(handoff).due_at == play.now + timedelta(hours=124)


def test_snooze_never_brings_the_deadline_forward(play: Play, handoff: str) -> None:
    planned = play.handoff(handoff).due_at
    terms(play, due_hours=1)
    put_off(play, handoff, hours=1)
    assert play.handoff(handoff).due_at == planned


def test_back_before_its_time_is_due_as_soon_as_a_new_one(play: Play, handoff: str) -> None:
    put_off(play, handoff, hours=1_000)
    play.now += timedelta(hours=10)
    play.do(unsnooze, handoff, by=REP, reason=None)
    assert play.handoff(handoff).due_at == play.now + timedelta(hours=24)


@pytest.mark.parametrize("hours", [0, -1])
def test_snooze_until_the_past_is_refused(play: Play, handoff: str, hours: float) -> None:
    with pytest.raises(Invalid):
        put_off(play, handoff, hours=hours)


def test_unsnoozed_by_a_person(play: Play, handoff: str) -> None:
    put_off(play, handoff, hours=50)
    play.do(unsnooze, handoff, by=REP, reason="they called")
    tend(play, hours=51)
    assert moves(play, handoff)[:3] == ["open", "snooze", "unsnooze"]


def test_assigned_to_somebody_and_to_nobody(play: Play, handoff: str) -> None:
    play.do(assign, handoff, by=REP, owner="lee@vendor.example", reason="knows them")
    assert play.handoff(handoff).owner == "lee@vendor.example"
    play.do(assign, handoff, by=REP, owner=None, reason=None)
    found = play.handoff(handoff)
    assert (found.owner, found.state) == (None, "open")
    assert [each.details for each in found.history[1:]] == [{"owner": "lee@vendor.example"}, {"owner": None}]


def test_note_is_a_line_of_history(play: Play, handoff: str) -> None:
    play.do(note, handoff, by=REP, text="asked for prices")
    found = play.handoff(handoff)
    assert (found.state, found.history[-1].details) == ("open", {"note": "asked for prices"})


def test_closed_says_what_came_of_it(play: Play, handoff: str) -> None:
    play.do(close, handoff, Closing("converted", value=900.0, note="signed"), by=REP)
    line = play.handoff(handoff).history[-1]
    assert line.details == {"outcome": "converted", "value": 900.0, "note": "signed"}


@pytest.mark.parametrize("state", ["open", "claimed", "snoozed", "closed"])
@pytest.mark.parametrize("move", ["claim", "release", "snooze", "unsnooze", "assign", "note", "close"])
def test_every_move_in_every_state(play: Play, handoff: str, state: str, move: str) -> None:
    allowed = {
        "claim": {"open"},
        "release": {"claimed"},
        "snooze": {"open", "claimed"},
        "unsnooze": {"snoozed"},
        "assign": {"open", "claimed", "snoozed"},
        "note": {"open", "claimed", "snoozed"},
        "close": {"open", "claimed", "snoozed"},
    }
    reach = {"open": None, "claimed": "claim", "snoozed": "snooze", "closed": "close"}
    make(play, handoff, reach[state])
    if state in allowed[move]:
        make(play, handoff, move)
        assert moves(play, handoff)[-1] == move
    else:
        known = play.handoff(handoff)
        with pytest.raises(HandoffState):
            make(play, handoff, move)
        assert play.handoff(handoff) == known


def make(play: Play, handoff: str, move: str | None) -> None:
    match move:
        case "claim":
            play.do(claim, handoff, by=REP)
        case "release":
            play.do(release, handoff, by=REP, reason=None)
        case "snooze":
            put_off(play, handoff)
        case "unsnooze":
            play.do(unsnooze, handoff, by=REP, reason=None)
        case "assign":
            play.do(assign, handoff, by=REP, owner="lee@vendor.example", reason=None)
        case "note":
            play.do(note, handoff, by=REP, text="hm")
        case "close":
            play.do(close, handoff, Closing("accepted"), by=REP)
        case _:
            pass


def test_closed_ones_come_last_and_the_latest_first(play: Play) -> None:
    for partner in ("a", "b", "c", "d"):
        crosses(play, partner)
    for partner in ("c", "a"):
        play.now += timedelta(minutes=1)
        play.close(next(each.id for each in queue(play) if each.partner.id == partner))
    assert [each.partner.id for each in queue(play)] == ["b", "d", "a", "c"]
