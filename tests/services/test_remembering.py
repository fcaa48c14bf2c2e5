"""What groups of events remember of each other: nothing that has changed in between."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from sqlalchemy import Connection

from app.models import programs
from app.services.contacts import ContactData, erase_contact, put_contact
from app.services.merging import merge, unmerge
from app.services.recording import record
from app.services.score_feed import changed_scores
from app.services.scores import scores_of_partners
from tests.support.play import Play, rows_of

JO = "jo@firm.example"


class Undone(Exception):
    """Ends a transaction without a commit."""


def counts_for(play: Play, contact: str = JO, partner: str | None = None) -> str | None:
    """The partner that a new event of the contact is for."""
    return play.happens(partner=partner, contact=contact).partner


def known(play: Play, partner: str | None, **about: str) -> None:
    play.do(put_contact, ContactData(JO, email=JO, partner=partner), **about)


def test_a_contact_that_becomes_known_and_moves(play: Play) -> None:
    assert counts_for(play) is None
    known(play, "p1")
    assert counts_for(play) == "p1"
    known(play, "p2")
    assert counts_for(play) == "p2"


def test_a_contact_that_is_erased(play: Play) -> None:
    known(play, "p1")
    assert counts_for(play) == "p1"
    play.run(lambda c: erase_contact(c, play.program, JO))
    assert counts_for(play) is None


def test_a_domain_that_changes_hands(play: Play) -> None:
    play.put("p1", domains=["firm.example"])
    assert counts_for(play) == "p1"
    play.put("p1", domains=[])
    play.put("p2", domains=["firm.example"])
    assert counts_for(play) == "p2"


def test_a_merge_and_its_end(play: Play) -> None:
    assert counts_for(play, partner="p1") == "p1"
    play.put("p2")
    play.do(merge, "p1", "p2")
    assert counts_for(play, partner="p1") == "p2"
    play.do(unmerge, "p1")
    assert counts_for(play, partner="p1") == "p1"


def test_a_rubric_that_is_replaced(play: Play) -> None:
    play.activate({"rules": [{"id": "visit", "on": "page.viewed", "points": 1}], "fade": None})
    assert play.happens().score == 1
    play.activate({"rules": [{"id": "visit", "on": "page.viewed", "points": 3}], "fade": None})
    assert play.happens().score == 6


def test_a_score_under_a_rubric_that_is_replaced(play: Play) -> None:
    def seen() -> tuple[float, float]:
        (changed,), _ = play.do(changed_scores, after=0, limit=1)
        return play.do(scores_of_partners, ["p1"])["p1"].score, changed.score

    play.activate({"rules": [{"id": "visit", "on": "page.viewed", "points": 1}], "fade": None})
    play.happens()
    assert seen() == (1, 1)
    play.activate({"rules": [{"id": "visit", "on": "page.viewed", "points": 3}], "fade": None})
    assert seen() == (3, 3)


def test_a_partner_whose_first_event_was_not_committed(play: Play) -> None:
    event = play.event(partner="new")

    def work(connection: Connection) -> None:
        record(connection, play.program, [event], now=play.now)
        raise Undone

    with suppress(Undone):
        play.run(work)
    assert play.record(event)[0].status == "accepted"
    assert play.partner("new").id == "new"
    assert play.differences() == []


CHANGES: dict[str, Callable[[Play], object]] = {
    "partner": lambda play: play.put(),
    "rubric": lambda play: play.activate({"floor": 0}),
    "day": lambda play: play.passes(days=1),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_change_has_a_stamp_of_its_own(play: Play, change: Callable[[Play], object]) -> None:
    def stamp() -> object:
        return rows_of(play.run, programs.select().with_only_columns(programs.c.stamp))

    play.activate()
    play.settle()
    before = stamp()
    change(play)
    changed = stamp()
    assert changed != before
    play.happens()
    assert stamp() == changed
