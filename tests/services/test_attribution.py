"""Whose event is it: by partner id, contact, domain; parked until one of these is known."""

import sys
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from app.services.attribution import Directory
from app.services.contacts import ContactData, put_contact
from app.services.merging import merge
from app.services.partners import archive_partner
from app.services.recording import Result
from tests.support.play import Play

JO = "jo@firm.example"


def calls(work: Callable[[], object]) -> int:
    """How many functions it takes."""
    found: list[str] = []
    sys.setprofile(lambda _frame, event, _what: found.append(event))
    try:
        work()
    finally:
        sys.setprofile(None)
    return len(found)


def contact(play: Play, id_: str = JO, **about: Any) -> None:
    """Make a contact known."""
    given: dict[str, Any] = {"email": None, "partner": None, "name": None, "persona": None}
    play.do(put_contact, ContactData(id=id_, **(given | about)))


def sent_for(play: Play, who: str = JO, *, ago: float = 0) -> Result:
    """An event that names only a contact."""
    return play.happens(partner=None, contact=who, ago=ago)


def test_the_partner_named_wins(play: Play) -> None:
    play.put("p2", domains=["firm.example"])
    contact(play, partner="p2")
    assert play.happens(partner="p1", contact=JO).partner == "p1"


def test_a_contact_by_id_or_address(play: Play) -> None:
    play.put()
    contact(play, "crm-7", email="Jo@Firm.example", partner="p1")
    assert [sent_for(play, who).partner for who in ("crm-7", "JO@firm.example")] == ["p1", "p1"]


def test_the_contact_before_the_domain(play: Play) -> None:
    play.put("p1")
    play.put("p2", domains=["firm.example"])
    contact(play, partner="p1")
    assert sent_for(play).partner == "p1"


def test_the_sole_owner_of_a_domain(play: Play) -> None:
    play.put(domains=["Firm.Example"])
    assert sent_for(play, "somebody@FIRM.example").partner == "p1"


def test_a_contact_by_the_domain_of_its_address(play: Play) -> None:
    play.put(domains=["firm.example"])
    contact(play, "crm-7", email=JO)
    assert sent_for(play, "crm-7").partner == "p1"


def test_two_owners_are_none(play: Play) -> None:
    play.put("p1", domains=["firm.example"])
    play.put("p2", domains=["firm.example"])
    assert sent_for(play).status == "parked"


def test_two_owners_that_are_merged_are_one(play: Play) -> None:
    play.put("p1", domains=["firm.example"])
    play.put("p2", domains=["firm.example"])
    play.do(merge, "p2", "p1")
    assert sent_for(play).partner == "p1"


@pytest.mark.parametrize("provider", ["gmail.com", "GMX.de"])
def test_free_mail_says_nothing(play: Play, provider: str) -> None:
    play.put(domains=[provider])
    assert sent_for(play, f"jo@{provider}").status == "parked"


def test_parked_events_wait_for_their_contact(play: Play) -> None:
    sent_for(play, ago=9)
    sent_for(play, ago=1)
    play.put()
    assert play.partner().score == 0
    contact(play, partner="p1")
    assert (play.partner().score, play.partner().last_event_at) == (2, play.now - timedelta(days=1))
    assert sent_for(play).status == "accepted"


def test_parked_events_wait_for_their_domain(play: Play) -> None:
    sent_for(play)
    play.put(domains=["firm.example"])
    assert play.partner().score == 1


def test_parked_events_wait_for_the_domain_of_their_contact(play: Play) -> None:
    contact(play, "crm-7", email=JO)
    sent_for(play, "crm-7")
    play.put(domains=["firm.example"])
    assert play.partner().score == 1


def test_parked_events_wait_for_the_domain_to_be_ones_own(play: Play) -> None:
    play.put("p1", domains=["firm.example"])
    play.put("p2", domains=["firm.example"])
    sent_for(play)
    play.put("p2", domains=["firm.example", "other.example"])
    assert play.scores() == {"p1": 0, "p2": 0}
    play.put("p2")
    play.put("p1", domains=["firm.example"])
    assert play.scores() == {"p1": 1, "p2": 0}


def test_a_domain_given_up_frees_what_was_parked(play: Play) -> None:
    play.put("p1", domains=["firm.example"])
    play.put("p2", domains=["firm.example"])
    sent_for(play)
    play.put("p2")
    assert play.scores() == {"p1": 1, "p2": 0}


def test_parked_events_that_stay_parked_hide_no_others(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of two, the first of them full of events of a domain that two partners own."""
    monkeypatch.setattr("app.store.ledger.PAGE", 2)
    for owner in ("p0", "p1"):
        play.put(owner, domains=["both.example"])
    for _ in range(3):
        sent_for(play, "a@both.example")
    for n in range(5):
        sent_for(play, f"b{n}@firm.example")
    play.put("p2", domains=["both.example", "firm.example"])
    assert play.scores() == {"p0": 0, "p1": 0, "p2": 5}


def test_the_persona_is_what_was_known_when_the_event_counted(play: Play) -> None:
    rule = {"id": "tech", "on": "page.viewed", "points": 4, "who": {"persona": ["technical"]}}
    play.activate({"rules": [rule]})
    play.put()
    contact(play, partner="p1")
    sent_for(play)
    contact(play, partner="p1", persona="technical")
    sent_for(play)
    contact(play, partner="p1", persona="sales")
    assert play.partner().score == 4


def test_the_persona_of_parked_events_is_that_of_unparking(play: Play) -> None:
    rule = {"id": "tech", "on": "page.viewed", "points": 4, "who": {"persona": ["technical"]}}
    play.activate({"rules": [rule]})
    play.put()
    sent_for(play)
    contact(play, partner="p1", persona="technical")
    assert play.partner().score == 4


def test_unparked_events_cross_like_others(play: Play) -> None:
    for _ in range(3):
        play.happens("webinar.attended", partner=None, contact=JO)
    play.put(domains=["firm.example"])
    assert play.partner().open_handoff is not None


@pytest.mark.parametrize("verdict", ["machine", "internal"])
def test_unparked_machines_do_not_count(play: Play, verdict: str) -> None:
    play.happens(partner=None, contact=JO, verdict=verdict)
    play.put(domains=["firm.example"])
    assert play.partner().score == 0


def test_one_name_of_many_is_as_quick_as_one_of_few(play: Play) -> None:
    """Nobody's event waits for somebody with a thousand addresses."""
    contact(play, "few", aliases=["few@firm.example"])
    contact(play, "many", aliases=[f"many-{n}@firm.example" for n in range(100)])
    people = Directory()
    play.run(lambda c: people.look_up(c, play.program, ["few", "many"]))
    assert calls(partial(people.attribute, None, "few")) == calls(partial(people.attribute, None, "many"))


def test_an_archived_partner_still_has_its_domain(play: Play) -> None:
    play.put(domains=["firm.example"])
    play.do(archive_partner, "p1")
    assert sent_for(play).partner == "p1"


def test_two_owners_that_become_one_free_what_was_parked(play: Play) -> None:
    play.put("p1", domains=["firm.example"])
    play.put("p2", domains=["firm.example"])
    sent_for(play)
    play.do(merge, "p2", "p1")
    assert play.scores() == {"p1": 1, "p2": 1}
