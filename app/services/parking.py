"""Parked events: counted, each on its own day, as soon as their contact or domain becomes known."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection

from app import store
from app.services.attribution import directory, domain_of
from app.services.counting import Fact, count
from app.services.rulebook import Rulebook
from app.store.ledger import LedgerEvent


def count_parked_of_contact(
    connection: Connection, rules: Rulebook, names: Collection[str], *, now: datetime
) -> None:
    """Count what waited for a contact known by any of `names`."""
    while parked := store.ledger.parked_of_contact(connection, rules.program, names):
        if not _count(connection, rules, parked, now=now):
            return


def count_parked_of_domains(
    connection: Connection, rules: Rulebook, domains: Collection[str], *, now: datetime
) -> None:
    """Count what waited for one of `domains`."""
    useful = [domain for domain in domains if domain_of(f"@{domain}")]
    after = ""
    while useful and (
        names := store.ledger.parked_of_domains(connection, rules.program, useful, after=after)
    ):
        count_parked_of_contact(connection, rules, names, now=now)
        after = names[-1]


def _count(connection: Connection, rules: Rulebook, parked: Sequence[LedgerEvent], *, now: datetime) -> bool:
    """Whether any of the events could be attributed."""
    people = directory(connection, rules.program, (event.contact for event in parked if event.contact))
    found = []
    for event in parked:
        attribution = people.attribute(None, event.contact)
        if attribution.partner is not None:
            found.append(event._replace(partner=attribution.partner, persona=attribution.persona))
    if not found:
        return False
    store.ledger.attribute(connection, found)
    roots = store.partners.roots(connection, rules.program, {str(event.partner) for event in found})
    facts = [Fact(roots[str(event.partner)].partner, event) for event in found if event.verdict == "human"]
    quiet = {root.partner for root in roots.values() if root.archived}
    count(connection, rules, facts, now=now, quiet=quiet)
    return True
