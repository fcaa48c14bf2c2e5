"""Contacts: who works where; erasing a person keeps the partner's totals."""

from datetime import datetime
from uuid import uuid4

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from app import store
from app.errors import Conflict, NotFound
from app.services.parking import count_parked_of_contact
from app.services.rescoring import refit
from app.services.rulebook import hold_rulebook
from app.sources.event import contact_key
from app.store.contacts import Contact as ContactRow


class Contact(BaseModel):
    """A person at a partner."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "crm-4711",
                "email": "jo@acme.example",
                "partner": "acme",
                "name": "Jo Sand",
                "persona": "technical",
            }
        }
    )

    id: str
    email: str | None
    partner: str | None
    name: str | None
    persona: str | None


def put_contact(connection: Connection, program: str, contact: Contact, *, now: datetime) -> Contact:
    """Create or replace a contact; its parked events are counted. Raises Conflict.

    An unknown partner is created, as by an event.
    """
    # Alone, because an event that is recorded at the same moment must not stay parked for ever.
    rules = hold_rulebook(connection, program, alone=True)
    if contact.partner and contact.partner not in store.partners.roots(
        connection, program, {contact.partner}
    ):
        store.partners.create_missing(connection, program, {contact.partner}, now=now)
        refit(connection, rules, {contact.partner}, now=now)
    email = contact_key(contact.email) if contact.email else None
    row = ContactRow(contact_key(contact.id), email, contact.partner, contact.name, contact.persona)
    try:
        store.contacts.put(connection, program, row, now=now)
    except IntegrityError as error:
        raise Conflict(f"Another contact has the e-mail address {email!r}.") from error
    count_parked_of_contact(connection, rules, sorted(_names(row)), now=now)
    return Contact(**row._asdict())


def get_contact(connection: Connection, program: str, contact: str) -> Contact:
    """One contact, by its id, else by its e-mail address. Raises NotFound."""
    row = _known(connection, program, contact)
    if row is None:
        raise NotFound(f"There is no contact {contact!r} in this program.")
    return Contact(**row._asdict())


def erase_contact(connection: Connection, program: str, contact: str) -> None:
    """Forget a person: events stay and count, under a name that says nothing. Raises NotFound.

    Somebody known only from events can be erased by the name they have there.
    """
    hold_rulebook(connection, program, alone=True)
    known = _known(connection, program, contact)
    names = sorted(_names(known) if known else {contact_key(contact)})
    partners = _touched(connection, program, names)
    tombstone = f"erased-{uuid4().hex}"
    erased = store.ledger.erase_person(connection, program, names, tombstone)
    if known is None and not erased:
        raise NotFound(f"There is no contact {contact!r} in this program.")
    store.tallies.rename_contact(connection, program, names, tombstone)
    store.handoffs.erase_person(connection, program, partners, names)
    store.programs.take_queue_positions(connection, program, 1)
    store.deliveries.forget_bodies(connection, program, partners)
    if known is not None:
        store.contacts.remove(connection, program, known.id)


def _touched(connection: Connection, program: str, names: list[str]) -> set[str]:
    """Partners that something is said of in which the person may be named, as they are and as they were."""
    counted = store.tallies.partners_of_contact(connection, program, names)
    named = counted | store.handoffs.partners_naming(connection, program, names)
    roots = store.partners.roots(connection, program, named).values()
    return named | store.partners.members(connection, program, set(roots)).keys()


def _known(connection: Connection, program: str, contact: str) -> ContactRow | None:
    name = contact_key(contact)
    by_id = store.contacts.get(connection, program, name)
    return by_id or store.contacts.known(connection, program, [name]).get(name)


def _names(contact: ContactRow) -> set[str]:
    return {contact.id} | ({contact.email} if contact.email else set())
