"""Another rubric prices the past anew: the same signals, new ones, or days that begin elsewhere."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from app.errors import NotFound
from app.models import deliveries, signals, tallies
from app.scoring.reading import read_rubric
from app.services.activating import switch
from app.services.adjusting import adjust
from app.services.rubrics import get_rubric, store_rubric
from app.services.webhooks import WebhookSettings, create_webhook
from app.sources.event import NewEvent
from app.vault import Vault
from tests.support import oracle
from tests.support.play import NOON, SIMPLE, Play, rows_of

DAILY: dict[str, Any] = {
    "rules": [{"id": "day", "on": "page.viewed", "points": 1, "at_most": {"times": 1, "per": "day"}}]
}
REPRICED = {
    "rules": [{"id": "visit", "on": "page.viewed", "points": 7.5, "at_most": {"times": 2, "per": "ever"}}]
}
OTHER_SIGNALS = {
    "fade": {"half_life_days": 3},
    "rules": [
        {"id": "deals", "on": "page.viewed", "points": 2, "where": {"path": {"starts_with": "/deals"}}},
        {"id": "long", "on": "webinar.attended", "points": 5, "where": {"minutes": {"at_least": 30}}},
        {"id": "exact", "on": "webinar.attended", "points": 0.5, "where": {"minutes": 45}},
    ],
}
ELSEWHERE = DAILY | {"time_zone": "Pacific/Auckland"}
WINDOW = DAILY | {"fade": {"window_days": 4}, "time_zone": "America/Denver"}
RUBRICS: dict[str, dict[str, Any]] = {
    "same": REPRICED,
    "new": OTHER_SIGNALS,
    "elsewhere": ELSEWHERE,
    "window": WINDOW,
}


def history(play: Play) -> list[NewEvent]:
    """What two partners did around many midnights."""
    return [
        play.event(kind, partner, ago=hours / 24, path=path, minutes=minutes)
        for n, hours in enumerate(range(0, 200, 7))
        for kind, path, minutes in [
            ("page.viewed", "/deals/1", 0) if n % 3 else ("webinar.attended", "", 15 * (n % 4))
        ]
        for partner in ("p1", "p2")[: 1 + n % 2]
    ]


def expected(play: Play, events: list[NewEvent], changes: dict[str, Any]) -> dict[str, float]:
    """The oracle's scores."""
    facts = [oracle.Fact(str(e.partner), e.type, e.occurred_at or play.now, e.properties) for e in events]
    return oracle.scores(read_rubric(SIMPLE | changes), facts, now=play.now)


@pytest.mark.parametrize("second", RUBRICS)
@pytest.mark.parametrize("first", RUBRICS)
def test_any_rubric_after_any_other(play: Play, first: str, second: str) -> None:
    play.activate(RUBRICS[first])
    events = history(play)
    play.record(*events[::2])
    assert play.scores() == pytest.approx(expected(play, events[::2], RUBRICS[first]), abs=1.1e-6)
    play.activate(RUBRICS[second])
    assert play.scores() == pytest.approx(expected(play, events[::2], RUBRICS[second]), abs=1.1e-6)
    play.record(*events[1::2])
    assert play.scores() == pytest.approx(expected(play, events, RUBRICS[second]), abs=1.1e-6)


def test_events_before_the_first_rubric_count_in_it(faulty: Play) -> None:
    events = history(faulty)
    assert {each.score for each in faulty.record(*events)} == {0}
    faulty.activate(ELSEWHERE)
    assert faulty.scores() == pytest.approx(expected(faulty, events, ELSEWHERE), abs=1.1e-6)
    assert faulty.differences() == []


def test_adjustments_move_to_the_day_that_it_was_there(play: Play) -> None:
    """At noon in UTC it is the next day in Auckland already."""
    play.put()
    play.do(adjust, "p1", id_="a", points=8, reason="asked", by="rep")
    play.activate({"time_zone": "Pacific/Auckland", "fade": {"window_days": 1}})
    assert play.partner().score == 8
    play.activate({"time_zone": "America/Denver", "fade": {"window_days": 1}})
    assert play.partner().score == 8


def test_the_day_with_25_hours(play: Play) -> None:
    """In Denver 1 November 2026 goes from 06:00 UTC to 07:00 UTC of the next day."""
    play.activate(DAILY | {"time_zone": "America/Denver"})
    for minute in ("01T05:59", "01T06:00", "02T06:59", "02T07:00"):
        play.now = datetime.fromisoformat(f"2026-11-{minute}:00Z")
        play.happens()
    assert play.partner().score == 3


def test_signals_are_shared_and_counted_once(play: Play) -> None:
    play.record(*history(play))
    before = rows_of(play.run, select(tallies).order_by(*tallies.primary_key))
    play.activate(REPRICED)
    assert rows_of(play.run, select(tallies).order_by(*tallies.primary_key)) == before
    assert len(rows_of(play.run, select(signals))) == 3


def test_repricing_opens_nothing_but_the_next_event_does(play: Play) -> None:
    play.happens()
    play.activate({"rules": [{"id": "visit", "on": "page.viewed", "points": 40}]})
    assert (play.partner().score, play.partner().open_handoff) == (40, None)
    assert play.happens().handoff is not None


def test_repricing_opens_what_was_asked_for(play: Play) -> None:
    play.put("p2")
    play.happens(ago=400)
    play.activate({"rules": [{"id": "visit", "on": "page.viewed", "points": 40}]}, open_for_past=True)
    assert play.partner().open_handoff is not None
    assert play.partner("p2").open_handoff is None


def test_the_same_content_is_the_same_version(play: Play) -> None:
    assert [play.activate(DAILY), play.activate(), play.activate(DAILY)] == [2, 1, 2]
    assert play.run(lambda c: get_rubric(c, "acme", None)).version == 2


def test_storing_changes_nothing(play: Play) -> None:
    play.happens()
    play.do(store_rubric, read_rubric(SIMPLE | DAILY), by="test")
    assert play.run(lambda c: get_rubric(c, "acme", 2)).state == "draft"
    assert play.run(lambda c: get_rubric(c, "acme", None)).version == 1


def test_no_such_version(play: Play) -> None:
    with pytest.raises(NotFound):
        play.do(switch, 9, by="test")


def test_an_activation_is_announced_once(play: Play) -> None:
    hook = ("https://hooks.example/x", ["rubric.activated", "score.band_changed"])
    play.run(lambda c: create_webhook(c, Vault(b"k" * 32), "acme", WebhookSettings(*hook), now=NOON))
    play.happens()
    play.activate({"rules": [{"id": "visit", "on": "page.viewed", "points": 40}]})
    assert rows_of(play.run, select(deliveries.c.type)) == [("rubric.activated",)]


def test_more_partners_than_one_chunk(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.services.activating.PARTNERS_AT_ONCE", 2)
    play.record(*(play.event(partner=f"p{n}") for n in range(5)))
    play.activate(REPRICED)
    assert set(play.scores().values()) == {7.5}
