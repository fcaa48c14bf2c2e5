"""Pruning changes no score, now or ever: what leaves the ledger still counts, once."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app import store
from app.errors import Conflict, NotFound
from app.models import events
from app.services import pruning
from app.services.adjusting import adjust
from app.services.comparing import compare
from app.services.contacts import erase_contact
from app.services.merging import merge, unmerge
from app.services.previewing import start_preview
from app.services.pruning import begin_pruning, prune_some
from app.services.rubrics import drop_rubric, prune_signals
from app.services.signal_counting import count_some
from app.services.verdicts import change_verdict
from tests.support.play import SIMPLE, Play, rows_of

DEEP = {
    "rules": [*SIMPLE["rules"], {"id": "deep", "on": "page.viewed", "points": 5, "where": {"deep": True}}]
}


def prune(play: Play, *, days: int = 30) -> int:
    """Prune to the end; how many events."""
    play.do(begin_pruning, days=days)
    pruned = 0
    while some := play.run(lambda c: prune_some(c, play.program)):
        pruned += some
    return pruned


def left(play: Play) -> int:
    """How many events the ledger has."""
    [(found,)] = rows_of(play.run, select(func.count()).select_from(events))
    return int(found)


def test_scores_stay(play: Play) -> None:
    """Shown to fail by pruning that sums nothing up."""
    play.record(*(play.event("webinar.attended", ago=day, contact="jo@p1.example") for day in (1, 40, 50)))
    before = play.partner()
    assert prune(play) == 2
    assert left(play) == 1
    assert play.partner() == before
    assert play.differences() == []


def test_a_whole_day_goes(play: Play) -> None:
    """From the beginning of the 30th day before today, in the program's zone, all is kept."""
    play.activate({"time_zone": "Asia/Tokyo"})
    midnight = play.now.replace(hour=15) - timedelta(days=31)
    ages = [(play.now - midnight) / timedelta(days=1) + off for off in (-0.001, 0.001)]
    play.record(*(play.event(ago=age) for age in ages))
    assert prune(play) == 1


@pytest.mark.parametrize("again", [0.0, 5.0])
def test_a_pruned_event_sent_again_does_not_count_again(play: Play, again: float) -> None:
    """Shown to fail by recording that takes whatever is not in the ledger."""
    event = play.event("webinar.attended", ago=40)
    play.record(event)
    prune(play)
    play.passes(again)
    (result,) = play.record(event)
    assert (result.status, [error.path for error in result.errors]) == ("rejected", ["occurred_at"])
    assert play.partner().score == 10


def test_an_old_event_that_is_new_is_refused(play: Play) -> None:
    prune(play)
    assert play.happens(ago=31).status == "rejected"
    assert play.happens(ago=29).status == "accepted"


def test_batches_are_bounded(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "AT_ONCE", 2)
    play.record(*(play.event(ago=40 + n) for n in range(5)))
    play.do(begin_pruning, days=30)
    found = [play.run(lambda c: prune_some(c, play.program)) for _ in range(4)]
    assert found == [2, 2, 1, 0]


def test_the_oldest_go_first(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "AT_ONCE", 1)
    play.record(*(play.event(ago=ago, id_=f"e{ago}") for ago in (40, 60, 50)))
    play.do(begin_pruning, days=30)
    play.run(lambda c: prune_some(c, play.program))
    assert sorted(rows_of(play.run, select(events.c.id))) == [("e40",), ("e50",)]


def test_what_is_kept_never_moves_back(play: Play) -> None:
    kept = play.do(begin_pruning, days=30)
    assert play.do(begin_pruning, days=60) == kept
    assert play.happens(ago=40).status == "rejected"


def test_merge_and_unmerge_after_pruning(play: Play) -> None:
    """Shown to fail by sums that are kept by the partner that they counted for."""
    play.record(*(play.event("webinar.attended", each, ago=40) for each in ("p1", "p2", "p2")))
    play.do(merge, "p2", "p1")
    prune(play)
    assert play.partner().score == 30
    assert play.differences() == []
    play.do(unmerge, "p2")
    assert play.scores() == {"p1": 10, "p2": 20}


def test_last_event_is_that_of_the_pruned(play: Play) -> None:
    play.happens(ago=40)
    play.happens(ago=35)
    latest = play.partner().last_event_at
    prune(play)
    play.do(merge, "p1", play.happens(partner="p2", ago=0.5).partner)
    play.do(unmerge, "p1")
    assert play.partner().last_event_at == latest


def test_adjustments_stay(play: Play) -> None:
    play.put()
    play.do(adjust, "p1", id_="a1", points=2.5, reason="asked for a demo", by="rep")
    play.passes(40)
    assert prune(play) == 1
    assert play.partner().score == 2.5


def test_machines_and_the_parked_leave_nothing(play: Play) -> None:
    play.happens(ago=40, verdict="machine")
    play.happens(partner=None, contact="jo@nowhere.example", ago=40)
    assert prune(play) == 2
    assert play.scores() == {"p1": 0}


def test_the_verdict_of_a_pruned_event_is_final(play: Play) -> None:
    play.happens(ago=40, id_="old")
    prune(play)
    with pytest.raises(NotFound):
        play.do(change_verdict, "test", "old", verdict="machine", reason="scanner", by="admin")


def test_an_erased_person_is_erased_from_the_sums(play: Play) -> None:
    """Shown to fail by erasing that leaves the sums alone: then the contact tallies differ."""
    play.happens(ago=40, contact="jo@p1.example")
    prune(play)
    play.run(lambda c: erase_contact(c, play.program, "jo@p1.example"))
    assert play.differences() == []


def test_a_new_signal_is_counted_from_what_is_left(play: Play) -> None:
    play.record(*(play.event(ago=ago, deep=True) for ago in (1, 40)))
    prune(play)
    version = play.draft(DEEP)
    while not play.run(lambda c: count_some(c, play.program, version)):
        pass
    key = play.do(start_preview, version, as_of=None)
    found = play.run(lambda c: compare(c, key))
    assert found.result["movers"][0]["after"] == 7
    assert found.result["counted_from"] == "2026-02-14"


def test_a_new_signal_misses_nothing_where_nothing_was_pruned(play: Play) -> None:
    play.happens(ago=1, deep=True)
    assert prune(play) == 0
    version = play.draft(DEEP)
    while not play.run(lambda c: count_some(c, play.program, version)):
        pass
    key = play.do(start_preview, version, as_of=None)
    assert play.run(lambda c: compare(c, key)).result["counted_from"] is None


def test_a_signal_that_was_counted_before_misses_nothing(play: Play) -> None:
    play.happens(ago=40, deep=True)
    version = play.draft(DEEP)
    while not play.run(lambda c: count_some(c, play.program, version)):
        pass
    prune(play)
    key = play.do(start_preview, version, as_of=None)
    found = play.run(lambda c: compare(c, key))
    assert (found.result["movers"][0]["after"], found.result["counted_from"]) == (6, None)


def test_nothing_is_pruned_while_a_signal_is_counted(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.services.signal_counting.PARTNERS_AT_ONCE", 1)
    play.record(*(play.event(partner=each, ago=40, deep=True) for each in ("p1", "p2")))
    version = play.draft(DEEP)
    play.run(lambda c: count_some(c, play.program, version))
    with pytest.raises(Conflict):
        prune(play)
    while not play.run(lambda c: count_some(c, play.program, version)):
        pass
    assert prune(play) == 2


def test_a_forgotten_signal_leaves_the_sums(play: Play) -> None:
    play.happens(ago=40, deep=True)
    version = play.draft(DEEP)
    while not play.run(lambda c: count_some(c, play.program, version)):
        pass
    prune(play)
    play.run(lambda c: drop_rubric(c, play.program, version))
    assert play.run(lambda c: prune_signals(c, play.program)) == 1
    assert play.differences() == []


def test_another_time_zone_keeps_the_pruned(play: Play) -> None:
    play.record(play.event("webinar.attended", ago=40), play.event(ago=1))
    prune(play)
    play.activate({"time_zone": "Asia/Tokyo"})
    assert play.partner().score == 11
    signals = play.run(lambda c: store.rubrics.all_signals(c, play.program))
    assert play.run(lambda c: store.rubrics.counted_from(c, play.program, signals)) is None
