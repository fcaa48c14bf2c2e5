"""Contacts: who works where; erasing a person keeps the partner's totals."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from app import store
from app.errors import Conflict, NotFound
from app.services.introducing import keep
from app.services.people import People
from app.services.rulebook import hold_rulebook
from app.sources.event import contact_key, tombstone
from app.store.contacts import Contact as ContactRow


class Contact(BaseModel):
    """A person at a partner."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "crm-4711",
                "email": "jo@acme.example",
                "aliases": ["mautic:26"],
                "partner": "acme",
                "name": "Jo Sand",
                "persona": "technical",
            }
        }
    )

    id: str
    email: str | None
    aliases: list[str] = Field(description="All other names that events may call the person by.")
    partner: str | None
    name: str | None
    persona: str | None


@dataclass(frozen=True)
class ContactData:
    """What a person or a CRM says about a contact; `aliases` None says nothing about them."""

    id: str
    email: str | None = None
    partner: str | None = None
    name: str | None = None
    persona: str | None = None
    aliases: Sequence[str] | None = None


def put_contact(connection: Connection, program: str, data: ContactData, *, now: datetime) -> Contact:
    """Create or replace a contact; its parked events are counted. Raises Conflict.

    An unknown partner is created, as by an event. What platforms told stays where `data` says nothing; whom
    they told of by one of these names becomes this contact.
    """
    # Alone, because an event that is recorded at the same moment must not stay parked for ever.
    rules = hold_rulebook(connection, program, alone=True)
    email = contact_key(data.email) if data.email else None
    row = ContactRow(contact_key(data.id), email, data.partner, data.name, data.persona, learnt=False)
    aliases = None if data.aliases is None else [contact_key(each) for each in data.aliases]
    names = [*([email] if email else []), *(aliases or [])]
    store.contacts.drop_names(connection, program, _given_up(connection, program, row, aliases))
    people = People(store.contacts.known(connection, program, [row.id, *names]), sizes={})
    _refuse_names_of_others(people, row.id, names)
    people.put(row, names)
    keep(connection, rules, people, now=now)
    return get_contact(connection, program, row.id)


def _given_up(
    connection: Connection, program: str, row: ContactRow, aliases: Sequence[str] | None
) -> set[str]:
    """Names that the contact has and is not to have any more."""
    known = store.contacts.known(connection, program, [row.id]).get(row.id)
    if known is None or known.id != row.id:
        return set()
    if aliases is None:
        return {known.email} - {row.id, row.email} if known.email else set()
    return set(_names(connection, program, known)) - {row.id, row.email, *aliases}


def _refuse_names_of_others(people: People, id_: str, names: Sequence[str]) -> None:
    for name in (id_, *names):
        other = people.find(name)
        if other is None or other.id == id_ or other.learnt:
            continue
        raise Conflict(
            f"{name!r} is a name of the contact {other.id!r}. If it is the same person, change that one; if"
            f" not, first put {other.id!r} without that name."
        )


def get_contact(connection: Connection, program: str, contact: str) -> Contact:
    """One contact, by any of its names. Raises NotFound."""
    row = _known(connection, program, contact)
    if row is None:
        raise NotFound(f"There is no contact {contact!r} in this program.")
    names = _names(connection, program, row)
    # One that was told must do where none was put.
    email = row.email or next((name for name in names if "@" in name and name != row.id), None)
    return Contact(
        id=row.id,
        email=email,
        aliases=[name for name in names if name not in {row.id, email}],
        partner=row.known_partner,
        name=row.known_name,
        persona=row.persona,
    )


def names_of(connection: Connection, program: str, contact: str) -> list[str]:
    """All names of whoever is known by this one; it alone, as the ledger writes it, if nobody is."""
    known = _known(connection, program, contact)
    return _names(connection, program, known) if known else [contact_key(contact)]


def erase_contact(connection: Connection, program: str, contact: str) -> None:
    """Forget a person: events stay and count, under a name that says nothing. Raises NotFound.

    Somebody known only from events can be erased by the name they have there.
    """
    hold_rulebook(connection, program, alone=True)
    known, names = _known(connection, program, contact), names_of(connection, program, contact)
    partners = _touched(connection, program, names)
    nobody = tombstone()
    erased = store.ledger.erase_person(connection, program, names, nobody)
    if known is None and not erased and not partners:
        raise NotFound(f"There is no contact {contact!r} in this program.")
    store.tallies.rename_contact(connection, program, names, nobody)
    store.handoffs.erase_person(connection, program, partners, names)
    store.programs.take_queue_positions(connection, program, 1)
    store.deliveries.forget_bodies(connection, program, partners)
    if known is not None:
        store.contacts.remove(connection, program, [known.id])


def _touched(connection: Connection, program: str, names: list[str]) -> set[str]:
    """Partners that something is said of in which the person may be named, as they are and as they were."""
    counted = store.tallies.partners_of_contact(connection, program, names)
    named = counted | store.handoffs.partners_naming(connection, program, names)
    roots = store.partners.roots(connection, program, named).values()
    return named | store.partners.members(connection, program, set(roots)).keys()


def _known(connection: Connection, program: str, contact: str) -> ContactRow | None:
    name = contact_key(contact)
    return store.contacts.known(connection, program, [name]).get(name)


def _names(connection: Connection, program: str, contact: ContactRow) -> list[str]:
    return store.contacts.names_of(connection, program, [contact.id])[contact.id]
