"""Days pass: bands follow fading scores, windows move on, the landmark too."""

import pytest
from sqlalchemy import select, update

from app.models import deliveries, programs, standings
from app.services.partner_list import Wanted, list_partners
from app.services.settling import settle
from app.services.webhooks import WebhookSettings, create_webhook
from app.vault import Vault
from tests.support.play import NOON, Play, rows_of

HALF_LIFE = {"fade": {"half_life_days": 10}}
WINDOW = {"fade": {"window_days": 7}}


def listed(play: Play, band: str) -> list[str]:
    """The partners in a band, as the list finds them."""
    found, _ = play.do(list_partners, Wanted(band=band), after=None, limit=100)
    return [each.id for each in found]


def test_bands_follow_a_half_life(play: Play) -> None:
    play.activate(HALF_LIFE)
    play.record(*(play.event("webinar.attended") for _ in range(3)))
    seen = []
    for _ in range(20):
        seen.append((play.partner().band, play.partner().score))
        assert listed(play, str(play.partner().band)) == ["p1"]
        assert play.differences() == []
        play.passes(1)
    assert seen[2:4] == [("hot", 26.116517), ("warm", 24.367572)]
    assert [band for band, _ in seen] == ["hot"] * 3 + ["warm"] * 13 + ["cold"] * 4


def test_a_score_that_rounds_up_to_a_band_is_in_it(play: Play) -> None:
    """After two half-lives 40 points are 10 exactly; and one day later no more."""
    play.activate(HALF_LIFE)
    play.record(*(play.event("webinar.attended") for _ in range(4)))
    play.passes(20)
    assert (play.partner().score, play.partner().band) == (10, "warm")
    play.passes(1)
    assert play.partner().band == "cold"


def test_a_negative_score_rises_into_a_band(play: Play) -> None:
    play.activate(HALF_LIFE | {"bands": {"lost": -100, "cool": -8, "cold": 0}})
    play.happens("email.unsubscribed")
    assert play.partner().band == "lost"
    play.passes(10)
    assert play.partner().band == "cool"


def test_a_floor_keeps_a_band(play: Play) -> None:
    play.activate(HALF_LIFE | {"floor": 0})
    play.happens("email.unsubscribed")
    play.passes(1)
    assert (play.partner().score, play.partner().band) == (0, "cold")


def test_windows_move_on(play: Play) -> None:
    play.activate(WINDOW)
    play.record(play.event("webinar.attended"), play.event(ago=3), play.event(ago=6))
    assert [_after_a_day(play) for _ in range(8)] == [11, 11, 11, 10, 10, 10, 0, 0]


def _after_a_day(play: Play) -> float:
    play.passes(1)
    assert play.differences() == []
    return play.partner().score


def test_windows_move_on_after_days_without_service(play: Play) -> None:
    play.activate(WINDOW)
    for n in range(10):
        play.happens(partner=f"p{n}", ago=n / 2)
    play.passes(4)
    assert sum(play.scores().values()) == 6
    play.passes(400)
    assert sum(play.scores().values()) == 0


def test_a_late_event_into_a_window_that_is_not_settled_yet(play: Play) -> None:
    play.activate(WINDOW)
    play.happens(ago=6)
    play.passes(0)
    play.now = play.event(ago=-1).occurred_at or NOON
    assert play.happens(ago=2).score == 1
    play.settle()
    assert play.partner().score == 1


def test_a_day_is_settled_once(play: Play) -> None:
    """Planted: a band that settling would mend, on a day that is settled already."""
    play.activate(HALF_LIFE)
    play.happens("webinar.attended")
    play.passes(1)
    play.execute(update(standings).values(band="hot"))
    play.settle()
    assert play.partner().band == "hot"
    play.passes(1)
    assert play.partner().band == "cold"


def test_a_program_without_a_rubric_has_nothing_to_settle(faulty: Play) -> None:
    assert faulty.do(settle, after="") is None


def test_many_partners_are_settled_in_pages(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.services.settling.PARTNERS_AT_ONCE", 2)
    play.activate(WINDOW)
    play.record(*(play.event(partner=f"p{n}") for n in range(5)))
    play.passes(7)
    assert set(play.scores().values()) == {0}


def test_a_band_that_changed_overnight_is_announced(play: Play) -> None:
    play.activate(HALF_LIFE)
    hook = ("https://hooks.example/x", ["score.band_changed"])
    play.run(lambda c: create_webhook(c, Vault(b"k" * 32), "acme", WebhookSettings(*hook), now=NOON))
    play.happens()
    play.happens("webinar.attended")
    assert len(rows_of(play.run, select(deliveries.c.id))) == 1
    play.passes(5)
    assert len(rows_of(play.run, select(deliveries.c.id))) == 2


def test_the_landmark_moves_and_no_score_with_it(play: Play) -> None:
    play.activate({"fade": {"half_life_days": 1}})
    play.record(*(play.event("webinar.attended", ago=n) for n in range(5)))
    start = rows_of(play.run, select(programs.c.landmark))
    for _ in range(6):
        play.passes(60)
        assert play.happens("webinar.attended").score == 10
        assert play.happens(ago=1).score == 10.5
        assert play.differences() == []
    assert rows_of(play.run, select(programs.c.landmark)) > start


@pytest.mark.parametrize("days", [300, 1_100, 4_000])
def test_the_landmark_moves_past_what_has_faded_to_nothing(play: Play, days: int) -> None:
    """PostgreSQL refuses a product that is too small for a float."""
    play.activate({"fade": {"half_life_days": 1}})
    play.happens("webinar.attended", "old", ago=1_000)
    play.happens("webinar.attended", "new")
    play.passes(days)
    assert play.scores() == {"old": 0, "new": 0}
    assert play.happens("webinar.attended", "old").score == 10
