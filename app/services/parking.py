"""Parked events: counted, each on its own day, as soon as their contact or domain becomes known."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection

from app import store
from app.services.attribution import Directory, directory, is_free_mail
from app.services.counting import Fact, count
from app.services.rulebook import Rulebook
from app.store.ledger import LedgerEvent


def count_parked_of_contact(
    connection: Connection, rules: Rulebook, names: Collection[str], *, now: datetime
) -> None:
    """Count what waited for a contact known by any of `names`."""
    people = directory(rules)
    people.look_up(connection, rules.program, names)
    # The others stay parked, and must not fill the pages.
    known = [name for name in names if people.attribute(None, name).partner]
    while known and (parked := store.parked.of_contact(connection, rules.program, known)):
        _count(connection, rules, parked, people, now=now)


def count_parked_of_domains(
    connection: Connection, rules: Rulebook, domains: Collection[str], *, now: datetime
) -> None:
    """Count what waited for one of `domains`."""
    useful = [domain for domain in domains if not is_free_mail(domain)]
    after = ""
    while useful and (names := store.parked.of_domains(connection, rules.program, useful, after=after)):
        count_parked_of_contact(connection, rules, names, now=now)
        after = names[-1]


def _count(
    connection: Connection,
    rules: Rulebook,
    parked: Sequence[LedgerEvent],
    people: Directory,
    *,
    now: datetime,
) -> None:
    found = []
    for event in parked:
        attribution = people.attribute(None, event.contact)
        found.append(event._replace(partner=attribution.partner, persona=attribution.persona))
    store.parked.attribute(connection, found)
    roots = store.partners.roots(connection, rules.program, {str(event.partner) for event in found})
    facts = [Fact(roots[str(event.partner)], event) for event in found if event.verdict == "human"]
    count(connection, rules, facts, now=now)
