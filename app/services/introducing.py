"""Introductions: what platforms tell about people is learnt, and what waited for that is counted."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from app import store
from app.services.parking import count_parked_of_contact
from app.services.people import People, names_in
from app.services.rescoring import refit
from app.services.rulebook import Rulebook, hold_rulebook
from app.sources.adapter import Introduction


def teaches(connection: Connection, program: str, introductions: Sequence[Introduction]) -> bool:
    """Whether there is anything new in them; only then must the program be held alone.

    At most two statements.
    """
    return bool(_met(connection, program, introductions).touched)


def introduce(
    connection: Connection, program: str, introductions: Sequence[Introduction], *, now: datetime
) -> None:
    """Learn what the introductions say, in their order; a fixed number of statements but for what was parked.

    An unknown partner is created, as by an event.
    """
    # Alone, because an event that is recorded at the same moment must not stay parked for ever.
    rules = hold_rulebook(connection, program, alone=True)
    keep(connection, rules, _met(connection, program, introductions), now=now)


def _met(connection: Connection, program: str, introductions: Sequence[Introduction]) -> People:
    names = {name for each in introductions for name in names_in(each)}
    known = store.contacts.known(connection, program, sorted(names))
    people = People(known, store.contacts.sizes(connection, program, {each.id for each in known.values()}))
    for each in introductions:
        people.meet(each)
    return people


def keep(connection: Connection, rules: Rulebook, people: People, *, now: datetime) -> None:
    """Store who has changed, and count what waited for any of their names. The program must be held alone."""
    touched, program = people.touched, rules.program
    if not touched:
        return
    _create_partners(connection, rules, people, now=now)
    inherited = store.contacts.names_of(connection, program, people.joined)
    moved = {name: people.joined[id_] for id_, names in inherited.items() for name in names}
    store.contacts.give_names(connection, program, moved | people.named)
    store.contacts.remove(connection, program, people.joined)
    store.contacts.save(connection, program, people.changed, now=now)
    names = store.contacts.names_of(connection, program, touched).values()
    count_parked_of_contact(connection, rules, sorted({name for some in names for name in some}), now=now)


def _create_partners(connection: Connection, rules: Rulebook, people: People, *, now: datetime) -> None:
    told = {partner for each in people.changed for partner in (each.partner, each.learnt_partner) if partner}
    missing = told - store.partners.roots(connection, rules.program, told).keys()
    if missing:
        store.partners.create_missing(connection, rules.program, missing, now=now)
        refit(connection, rules, missing, now=now)
