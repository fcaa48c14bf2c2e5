"""Scores of many partners at once: each as if it had been asked for alone."""

from datetime import date
from typing import Any

import pytest

from app.services.adjusting import adjust
from app.services.contacts import ContactData, put_contact
from app.services.merging import merge
from app.services.scores import score_of_partner, scores_of_partners
from tests.support.play import NOON, Play

PARTNERS = ["p1", "p2", "p3", "merged", "quiet"]


@pytest.fixture
def varied(play: Play) -> Play:
    """Partners with events, adjustments or attributes; one is merged into another, one has done nothing."""
    play.activate(
        {"fit": {"rules": [{"id": "size", "where": {"employees": 40}, "points": 10}], "grades": {"A": 10}}}
    )
    for partner in (*PARTNERS, "p1"):
        if partner != "quiet":
            play.happens("webinar.attended", partner, contact=f"jo@{partner}.example", ago=3)
            play.happens("page.viewed", partner)
    play.put("p2", attributes={"employees": 40})
    play.put("quiet")
    play.do(adjust, "p3", id_="a1", points=-2.5, reason="mistaken", by="test")
    play.do(merge, "merged", "p2")
    return play


@pytest.mark.parametrize("version", [None, 1, 2], ids=["active", "named", "other"])
@pytest.mark.parametrize("as_of", [None, NOON.date(), date(2026, 3, 14)], ids=["now", "today", "earlier"])
def test_each_as_if_alone(varied: Play, as_of: date | None, version: int | None) -> None:
    varied.draft({"rules": [{"id": "visit", "on": "page.viewed", "points": 7}]})
    asked: dict[str, Any] = {"as_of": as_of, "version": version}
    together = varied.do(scores_of_partners, PARTNERS, **asked)
    assert together == {each: varied.do(score_of_partner, each, **asked) for each in PARTNERS}


def test_what_tells_them_apart(varied: Play) -> None:
    found = varied.do(scores_of_partners, PARTNERS)
    assert {
        each: (score.partner, score.score, score.contacts, score.grade) for each, score in found.items()
    } == {
        "p1": ("p1", 22, 1, None),
        "p2": ("p2", 22, 2, "A"),
        "p3": ("p3", 8.5, 1, None),
        "merged": ("p2", 22, 2, "A"),
        "quiet": ("quiet", 0, 0, None),
    }


def test_those_that_there_are_not_are_left_out(varied: Play) -> None:
    assert varied.do(scores_of_partners, ["p1", "gone"]).keys() == {"p1"}
    assert varied.do(scores_of_partners, []) == {}


def test_a_contact_of_several_names_is_one(play: Play) -> None:
    play.activate()
    play.do(put_contact, ContactData("crm-7", email="jo@firm.example", partner="p1"))
    for contact in ("crm-7", "jo@firm.example", "lee@firm.example"):
        play.happens(partner="p1", contact=contact)
    assert play.do(scores_of_partners, ["p1"])["p1"].contacts == 2
