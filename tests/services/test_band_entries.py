"""When a partner came into each band for the first time: noted once, by whatever brought it there."""

from datetime import datetime, timedelta

from sqlalchemy import select

from app.models import band_entries
from tests.support.play import NOON, Play, rows_of


def entries(play: Play) -> dict[tuple[str, str], datetime]:
    """When who came into what."""
    query = select(band_entries.c.partner, band_entries.c.band, band_entries.c.entered_at)
    return {(partner, band): at for partner, band, at in rows_of(play.run, query)}


def test_a_newcomer_has_entered_nothing(play: Play) -> None:
    play.happens()
    play.put("p2")
    assert entries(play) == {}


def test_as_of_the_event_that_did_it(play: Play) -> None:
    play.happens("webinar.attended", ago=3)
    play.passes(2)
    play.happens("webinar.attended", "p2")
    assert entries(play) == {("p1", "warm"): NOON - timedelta(days=3), ("p2", "warm"): play.now}


def test_a_band_that_is_passed_over_is_not_entered(play: Play) -> None:
    play.record(*(play.event("webinar.attended") for _ in range(3)))
    assert entries(play).keys() == {("p1", "hot")}


def test_now_for_an_event_that_was_not_the_latest(play: Play) -> None:
    play.happens()
    play.happens("webinar.attended", ago=3)
    assert entries(play) == {("p1", "warm"): NOON}


def test_only_the_first_time(play: Play) -> None:
    play.activate({"fade": {"half_life_days": 1}})
    play.happens("webinar.attended")
    play.passes(5)
    play.happens("webinar.attended")
    assert entries(play) == {("p1", "warm"): NOON, ("p1", "cold"): play.now}


def test_history_before_the_first_rubric(faulty: Play) -> None:
    faulty.happens("webinar.attended", ago=50)
    faulty.happens("page.viewed", "p2", ago=50)
    assert entries(faulty) == {}
    faulty.activate()
    assert entries(faulty) == {("p1", "warm"): NOON - timedelta(days=50)}


def test_another_rubric_moves_partners_now(play: Play) -> None:
    play.happens("webinar.attended", ago=5)
    play.happens("page.viewed", "p2", ago=5)
    play.passes(1)
    play.activate({"bands": {"cold": 0, "warm": 1, "super": 10}})
    assert entries(play) == {
        ("p1", "warm"): NOON - timedelta(days=5),
        ("p1", "super"): play.now,
        ("p2", "warm"): play.now,
    }
