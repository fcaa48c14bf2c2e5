"""Introductions: a person's names are one person's, whatever came first, and nothing is guessed."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.errors import Conflict, NotFound
from app.models import contact_names
from app.services.contacts import ContactData, erase_contact, get_contact, put_contact
from app.services.introducing import introduce, teaches
from app.services.merging import merge
from app.sources.adapter import Introduction
from tests.support.play import Play, rows_of

NAMES = ("user-1", "anon-1", "jo@firm.example")


def tell(play: Play, contact: str = "user-1", *aliases: str, **about: str) -> None:
    """A platform introduces somebody."""
    play.do(introduce, [Introduction(contact, aliases, **about)])


def tells(play: Play, contact: str = "user-1", *aliases: str, **about: str) -> bool:
    """Whether that would be news."""
    introductions = [Introduction(contact, aliases, **about)]
    return play.run(lambda c: teaches(c, play.program, introductions))


def put(play: Play, id_: str, **about: Any) -> None:
    """A person or a CRM says who somebody is."""
    play.do(put_contact, replace(ContactData(id_), **about))


def whose(play: Play, contact: str) -> str | None:
    """The partner that an event of the contact's is for; None if it is parked."""
    return play.happens(partner=None, contact=contact).partner


def known_as(play: Play, name: str) -> str:
    """The id of the contact with that name."""
    return play.run(lambda c: get_contact(c, play.program, name)).id


def test_every_name_is_the_persons(play: Play) -> None:
    tell(play, "user-1", "anon-1", email="Jo@Firm.example", partner="p1")
    assert [whose(play, name) for name in NAMES] == ["p1", "p1", "p1"]
    shown = play.run(lambda c: [get_contact(c, "acme", name) for name in NAMES])
    assert {(each.id, each.email, *each.aliases) for each in shown} == {
        ("user-1", "jo@firm.example", "anon-1")
    }


@pytest.mark.parametrize("name", NAMES)
def test_what_was_parked_counts_on_its_own_day(play: Play, name: str) -> None:
    play.happens(partner=None, contact=name, ago=9)
    tell(play, "user-1", "anon-1", email="jo@firm.example")
    assert play.scores() == {}
    tell(play, partner="p1")
    assert (play.partner().score, play.partner().last_event_at) == (1, play.now - timedelta(days=9))


def test_names_told_after_the_partner_count_too(play: Play) -> None:
    tell(play, partner="p1")
    play.happens(partner=None, contact="anon-1")
    tell(play, "user-1", "anon-1")
    assert play.partner().score == 1


def test_whoever_moves_takes_no_earlier_events_along(play: Play) -> None:
    tell(play, partner="p1")
    whose(play, "user-1")
    tell(play, partner="p2")
    assert whose(play, "user-1") == "p2"
    assert play.scores() == {"p1": 1, "p2": 1}


def test_a_partner_that_was_put_holds(play: Play) -> None:
    put(play, "user-1", partner="p1")
    tell(play, partner="p2")
    assert whose(play, "user-1") == "p1"
    put(play, "user-1")
    assert whose(play, "user-1") == "p2"


def test_what_was_told_holds_where_nothing_is_put(play: Play) -> None:
    tell(play, "user-1", "anon-1", name="Jo", partner="p1")
    put(play, "user-1", persona="technical")
    assert whose(play, "anon-1") == "p1"
    assert play.run(lambda c: get_contact(c, "acme", "anon-1")).name == "Jo"
    put(play, "user-1", name="Jo Sand", partner="p2")
    assert whose(play, "anon-1") == "p2"
    assert play.run(lambda c: get_contact(c, "acme", "anon-1")).name == "Jo Sand"


@pytest.mark.parametrize("partners", [("p1", "p1"), ("p1", None), (None, "p1")])
def test_two_turn_out_to_be_one(play: Play, partners: tuple[str | None, str | None]) -> None:
    for names, partner in zip((("user-1", "anon-1"), ("mautic:26", "anon-2")), partners, strict=True):
        play.do(introduce, [Introduction(names[0], names[1:], partner=partner)])
        play.happens(partner=None, contact=names[1])
    tell(play, "user-1", "mautic:26")
    assert [whose(play, name) for name in ("anon-1", "mautic:26", "anon-2")] == ["p1", "p1", "p1"]
    assert play.partner().score == 5
    assert {known_as(play, name) for name in ("mautic:26", "anon-2")} == {"user-1"}


def test_whoever_was_put_keeps_the_id(play: Play) -> None:
    tell(play, "mautic:26", "anon-1", partner="p1")
    put(play, "crm-7")
    tell(play, "mautic:26", "crm-7")
    assert known_as(play, "anon-1") == "crm-7"
    assert whose(play, "crm-7") == "p1"


def test_two_at_different_partners_stay_two(play: Play) -> None:
    tell(play, "user-1", partner="p1")
    tell(play, "user-2", partner="p2")
    assert not tells(play, "user-1", "user-2", email="jo@firm.example")
    tell(play, "user-1", "user-2", email="jo@firm.example")
    assert [whose(play, name) for name in ("user-1", "user-2", "jo@firm.example")] == ["p1", "p2", None]


def test_two_that_were_put_stay_two(play: Play) -> None:
    put(play, "crm-7", partner="p1")
    put(play, "crm-8", partner="p1")
    tell(play, "crm-7", "crm-8")
    assert [known_as(play, name) for name in ("crm-7", "crm-8")] == ["crm-7", "crm-8"]


def test_one_group_may_tell_all_there_is(play: Play) -> None:
    for name in ("anon-1", "a", "b", "c"):
        play.happens(partner=None, contact=name)
    chain = [
        Introduction("a", ("anon-1",)),
        Introduction("c", partner="p1"),
        Introduction("b", ("c",)),
        Introduction("a", ("b",)),
    ]
    play.do(introduce, chain)
    assert play.scores() == {"p1": 4}
    assert {known_as(play, name) for name in ("anon-1", "a", "b", "c")} == {"a"}


@pytest.mark.parametrize(
    ("about", "news"),
    [
        ({}, False),
        ({"email": "JO@firm.example", "partner": "p1", "name": "Jo"}, False),
        ({"name": "JO"}, False),
        ({"email": "another@firm.example"}, True),
        ({"partner": "p2"}, True),
    ],
    ids=["only a name", "all of it", "a name spelled otherwise", "an address", "a partner"],
)
def test_what_is_news(play: Play, about: dict[str, str], news: bool) -> None:
    tell(play, email="jo@firm.example", partner="p1", name="Jo")
    assert tells(play, **about) is news


def test_a_name_alone_tells_nothing(play: Play) -> None:
    assert not tells(play, "user-1", "user-1")
    tell(play)
    assert rows_of(play.run, select(contact_names)) == []


def test_an_unknown_partner_is_created(play: Play) -> None:
    tell(play, partner="new")
    assert play.partner("new").band == "cold"


@pytest.mark.parametrize("nobody", ["undefined", "NULL", " 0 ", "anonymous"])
def test_what_scripts_call_everybody_joins_nobody(play: Play, nobody: str) -> None:
    tell(play, "user-1", nobody, partner="p1")
    tell(play, "user-2", nobody)
    assert [whose(play, name) for name in ("user-1", "user-2", nobody)] == ["p1", None, None]


def test_what_is_no_address_joins_nobody(play: Play) -> None:
    tell(play, "user-1", email="not given", partner="p1")
    tell(play, "user-2", email="not given")
    assert whose(play, "user-2") is None


def test_two_names_of_one_person_are_one_contact(play: Play) -> None:
    play.activate({"handoff": {"at": 20, "gates": {"min_contacts": 2}}})
    tell(play, "user-1", "anon-1", partner="p1")
    for name in ("user-1", "anon-1", "user-1"):
        assert play.happens("webinar.attended", None, contact=name).handoff is None
    tell(play, "user-2", partner="p1")
    assert play.happens("webinar.attended", None, contact="user-2").handoff is not None


def test_an_alias_by_the_domain_of_the_address(play: Play) -> None:
    play.put(domains=["firm.example"])
    tell(play, "user-1", "anon-1", email="jo@firm.example")
    assert whose(play, "anon-1") == "p1"


def test_a_domain_known_later_frees_what_aliases_did(play: Play) -> None:
    tell(play, "user-1", "anon-1", email="jo@firm.example")
    for name in NAMES:
        play.happens(partner=None, contact=name)
    play.put(domains=["firm.example"])
    assert play.partner().score == 3


def test_free_mail_says_nothing_of_aliases(play: Play) -> None:
    play.put(domains=["gmail.com"])
    tell(play, "user-1", "anon-1", email="jo@gmail.com")
    assert whose(play, "anon-1") is None


def test_a_domain_of_two_partners_says_nothing_of_aliases(play: Play) -> None:
    play.put("p1", domains=["firm.example"])
    play.put("p2", domains=["firm.example"])
    tell(play, "user-1", "anon-1", email="jo@firm.example")
    assert whose(play, "anon-1") is None
    play.do(merge, "p2", "p1")
    assert play.scores() == {"p1": 1, "p2": 1}


def test_addresses_at_two_partners_say_nothing(play: Play) -> None:
    play.put("p1", domains=["firm.example"])
    play.put("p2", domains=["other.example"])
    tell(play, "user-1", "jo@other.example", email="jo@firm.example")
    assert whose(play, "user-1") is None
    put(play, "user-1", email="jo@other.example")
    assert play.scores() == {"p1": 0, "p2": 1}


def test_an_address_taken_away_may_leave_one_partner(play: Play) -> None:
    play.put("p1", domains=["firm.example"])
    play.put("p2", domains=["other.example"])
    addresses = ["jo@firm.example", "jo@other.example"]
    put(play, "user-1", aliases=addresses)
    assert whose(play, "user-1") is None
    put(play, "user-1", aliases=addresses[1:])
    assert play.scores() == {"p1": 0, "p2": 1}


def test_addresses_at_merged_partners_are_at_one(play: Play) -> None:
    play.put("p1", domains=["firm.example"])
    play.put("p2", domains=["other.example"])
    tell(play, "user-1", "jo@other.example", email="jo@firm.example")
    whose(play, "user-1")
    play.do(merge, "p2", "p1")
    assert play.partner("p1").score == 1


def test_erased_under_all_names_and_met_anew(play: Play) -> None:
    tell(play, "user-1", "anon-1", email="jo@firm.example", partner="p1")
    for name in NAMES:
        whose(play, name)
    play.run(lambda c: erase_contact(c, "acme", "anon-1"))
    for name in NAMES:
        with pytest.raises(NotFound):
            known_as(play, name)
    assert play.partner().score == 3
    tell(play, "user-1", "anon-1", partner="p2")
    assert [whose(play, name) for name in NAMES] == ["p2", "p2", None]


@pytest.mark.parametrize("id_", ["crm-7", *NAMES])
def test_whoever_was_told_of_becomes_whoever_is_put(play: Play, id_: str) -> None:
    tell(play, "user-1", "anon-1", email="jo@firm.example", partner="p1")
    put(play, id_, email="jo@firm.example")
    assert {known_as(play, name) for name in NAMES} == {id_}
    assert {whose(play, name) for name in (*NAMES, id_)} == {"p1"}


@pytest.mark.parametrize("about", [{"id_": "anon-1"}, {"email": "jo@firm.example"}, {"aliases": ["anon-1"]}])
def test_the_names_of_whoever_was_put_are_taken(play: Play, about: dict[str, Any]) -> None:
    put(play, "user-1", email="jo@firm.example", aliases=["anon-1"])
    with pytest.raises(Conflict, match="name of the contact 'user-1'"):
        put(play, **({"id_": "crm-8"} | about))


def test_aliases_that_are_put_replace_those_known(play: Play) -> None:
    put(play, "user-1", partner="p1", aliases=["anon-1", "Jo@Firm.example"])
    tell(play, "user-1", "mautic:26")
    put(play, "user-1", partner="p1", aliases=["anon-2"])
    assert [whose(play, name) for name in ("anon-1", "jo@firm.example", "mautic:26")] == [None, None, None]
    assert [whose(play, name) for name in ("user-1", "anon-2")] == ["p1", "p1"]


def test_an_address_given_up_is_anybodys(play: Play) -> None:
    put(play, "crm-7", email="info@firm.example", partner="p1")
    put(play, "crm-7", email="jo@firm.example", partner="p1")
    put(play, "crm-8", email="info@firm.example", partner="p2")
    assert [whose(play, f"{name}@firm.example") for name in ("jo", "info")] == ["p1", "p2"]


def test_names_beyond_the_most_are_not_learnt(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is it news to be told them, for which the program would have to be held alone."""
    monkeypatch.setattr("app.services.people.MOST_NAMES", 3)
    tell(play, "user-1", "anon-1")
    tell(play, "user-1", "anon-2", "anon-3", partner="p1")
    assert [whose(play, name) for name in ("anon-1", "anon-2", "anon-3")] == ["p1", "p1", None]
    assert not tells(play, "user-1", "anon-3")
    put(play, "user-1", aliases=[])
    assert tells(play, "user-1", "anon-3")


def test_names_of_one_group_are_bounded_together(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.services.people.MOST_NAMES", 3)
    play.do(introduce, [Introduction("user-1", (f"anon-{n}",), partner="p1") for n in range(4)])
    assert [whose(play, f"anon-{n}") for n in range(4)] == ["p1", "p1", None, None]


def test_two_with_too_many_names_together_stay_two(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.services.people.MOST_NAMES", 3)
    tell(play, "user-1", "anon-1", partner="p1")
    tell(play, "user-2", "anon-2")
    tell(play, "user-1", "user-2")
    assert [whose(play, name) for name in ("anon-1", "anon-2")] == ["p1", None]


def test_one_program_learns_nothing_of_another(play: Play) -> None:
    other = Play(play.run, "other")
    tell(play, "user-1", "anon-1", email="jo@firm.example", partner="p1")
    assert tells(other, "user-1", "anon-1", partner="p1")
    assert [whose(other, name) for name in NAMES] == [None, None, None]
    tell(other, "user-1", "anon-1", partner="p2")
    other.run(lambda c: erase_contact(c, "other", "user-1"))
    assert {whose(play, name) for name in NAMES} == {"p1"}
