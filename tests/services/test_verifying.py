"""`verify` finds what was planted: the checker that every other test of the services ends with."""

import pytest
from sqlalchemy import Executable, delete, insert, update

from app.models import adjustments, contact_tallies, events, handoffs, partners, standings, tallies
from app.services.adjusting import adjust
from tests.support.play import NOON, Play

FAULTS: dict[str, tuple[Executable, str]] = {
    "a tally too high": (update(tallies).values(count=tallies.c.count + 1), "tally"),
    "a tally lost": (delete(tallies), "tally"),
    "a tally of nothing": (
        insert(tallies).values(program="acme", partner="p1", signal=1, day=1, count=1),
        "tally",
    ),
    "a contact twice": (update(contact_tallies).values(count=2), "contact tally"),
    "other adjusted points": (update(adjustments).values(millipoints=1), "adjustment"),
    "another score": (update(standings).values(stored=standings.c.stored + 0.00001), "score"),
    "another band": (update(standings).values(band="cold"), "band"),
    "another grade": (update(standings).values(grade="Z"), "grade"),
    "another last event": (update(standings).values(last_event_at=None), "last event"),
    "a hand-off forgotten": (update(standings).values(open_handoff=None), "open hand-off"),
    "a hand-off gone": (update(handoffs).values(state="closed"), "open hand-off"),
    "an event lost": (delete(events).where(events.c.type == "page.viewed"), "tally"),
    "an event judged in secret": (update(events).values(verdict="machine"), "last event"),
    "a merge in secret": (update(partners).where(partners.c.id == "p1").values(counts_for="p2"), "tally"),
}


@pytest.fixture
def lively(faulty: Play) -> Play:
    """Two partners; `p1` has a bit of everything, an open hand-off too."""
    faulty.activate()
    faulty.put("p2")
    faulty.record(
        *(faulty.event("webinar.attended", contact="jo@p1.example") for _ in range(3)), faulty.event()
    )
    faulty.do(adjust, "p1", id_="a1", points=2.5, reason="asked for a demo", by="rep")
    return faulty


def test_sound(lively: Play) -> None:
    assert lively.differences() == []


@pytest.mark.parametrize("fault", FAULTS)
def test_planted(lively: Play, fault: str) -> None:
    """Planted: each of FAULTS."""
    statement, what = FAULTS[fault]
    lively.execute(statement)
    assert what in {each.what.split(" (")[0] for each in lively.differences()}


def test_says_who_what_and_how(lively: Play) -> None:
    """Planted: a score of 100."""
    lively.execute(update(standings).where(standings.c.partner == "p1").values(stored=100.0))
    (found,) = lively.differences()
    assert (found.partner, found.what, found.stored, found.rebuilt) == ("p1", "score", 100.0, 33.5)


def test_goes_through_all_pages(lively: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: a fault of the last partner, with two partners to a page."""
    monkeypatch.setattr("app.services.verifying.PARTNERS_AT_ONCE", 2)
    lively.record(*(lively.event(partner=f"q{n}") for n in range(5)))
    lively.execute(
        update(standings).where(standings.c.partner == "q4").values(last_event_at=NOON.replace(hour=1))
    )
    assert [each.partner for each in lively.differences()] == ["q4"]
