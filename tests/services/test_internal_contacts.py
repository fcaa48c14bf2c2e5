"""The vendor's own people do not count, wherever their events come from."""

from typing import Any

import pytest

from app.errors import Invalid
from app.services.internal_contacts import get_internal_contacts, put_internal_contacts
from app.services.reading_ledger import Event, Wanted, list_events
from app.services.verdicts import change_verdict
from tests.support.play import Play


def put(play: Play, *contacts: str) -> list[str]:
    """Replace the list."""
    kept: list[str] = play.run(lambda c: put_internal_contacts(c, play.program, list(contacts))).contacts
    return kept


def event_of(play: Play, id_: str) -> Event:
    """An event as it is shown."""
    found = play.run(lambda c: list_events(c, play.program, Wanted(), before=None, limit=100))
    return next(event for event in found if event.id == id_)


@pytest.mark.parametrize(
    ("contact", "verdict"),
    [
        ("Jo@Vendor.example", "internal"),
        ("jo@eu.vendor.example", "internal"),
        ("qa@agency.example", "internal"),
        ("jo@agency.example", "human"),
        ("jo@notvendor.example", "human"),
        ("crm-4711", "human"),
        (None, "human"),
    ],
    ids=["domain", "below", "address", "other address", "like it", "id", "nobody"],
)
@pytest.mark.parametrize("way", ["record", "posts"])
def test_whose_events_count(play: Play, way: str, contact: str | None, verdict: str) -> None:
    put(play, "vendor.example", "qa@agency.example")
    getattr(play, way)(play.event(contact=contact, id_="e"))
    assert event_of(play, "e").verdict == verdict
    assert play.partner().score == (verdict == "human")


def test_it_says_why_and_a_person_may_reverse_it(play: Play) -> None:
    put(play, "vendor.example")
    play.happens(contact="jo@vendor.example", id_="e")
    assert event_of(play, "e").verdict_reason == "on the list of internal contacts"
    play.do(change_verdict, "test", "e", verdict="human", reason="a guest", by="admin")
    assert (play.partner().score, event_of(play, "e").judged_by) == (1, "admin")


def test_a_machines_event_stays_a_machines(play: Play) -> None:
    put(play, "vendor.example")
    play.happens(contact="jo@vendor.example", id_="e", verdict="machine")
    assert event_of(play, "e").verdict == "machine"


def test_a_click_does_not_wait_to_be_internal(play: Play) -> None:
    put(play, "vendor.example")
    play.posts(play.event("email.clicked", contact="jo@vendor.example", id_="e"), settle=60)
    assert event_of(play, "e").verdict == "internal"


def test_the_past_is_left_alone(play: Play) -> None:
    play.happens(contact="jo@vendor.example", id_="e")
    put(play, "vendor.example")
    assert event_of(play, "e").verdict == "human"
    put(play)
    play.happens(contact="jo@vendor.example", id_="f")
    assert play.partner().score == 2


def test_the_list_is_kept_tidy(play: Play) -> None:
    assert put(play, " Vendor.example", "b@a.example", "vendor.example") == ["b@a.example", "vendor.example"]
    assert play.run(lambda c: get_internal_contacts(c, play.program)).contacts == [
        "b@a.example",
        "vendor.example",
    ]


@pytest.mark.parametrize(
    "wrong", ["vendor", "@vendor.example", "a b@vendor.example", "vendor..example", "gmail.com", "jo@"]
)
def test_what_is_no_address_and_no_domain(play: Play, wrong: Any) -> None:
    with pytest.raises(Invalid) as caught:
        put(play, "vendor.example", wrong)
    assert [error.path for error in caught.value.errors] == ["contacts.1"]
    assert play.run(lambda c: get_internal_contacts(c, play.program)).contacts == []


def test_one_address_at_a_free_mail_provider(play: Play) -> None:
    put(play, "boss@gmail.com")
    play.happens(contact="boss@gmail.com")
    play.happens(contact="jo@gmail.com")
    assert play.partner().score == 1
