"""Contacts: who works where; erasing a person keeps the partner's totals."""

from datetime import datetime
from uuid import uuid4

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from app import store
from app.errors import Conflict, FieldError, Invalid, NotFound
from app.services.parking import count_parked_of_contact
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
    """Create or replace a contact; its parked events are counted. Raises Invalid and Conflict."""
    rules = hold_rulebook(connection, program)
    if contact.partner and contact.partner not in store.partners.roots(
        connection, program, {contact.partner}
    ):
        raise Invalid(
            "The contact's partner is not known.", errors=[FieldError("partner", "is no partner's id")]
        )
    email = contact_key(contact.email) if contact.email else None
    row = ContactRow(contact_key(contact.id), email, contact.partner, contact.name, contact.persona)
    try:
        store.contacts.put(connection, program, row, now=now)
    except IntegrityError as error:
        raise Conflict(f"Another contact has the e-mail address {email!r}.") from error
    count_parked_of_contact(connection, rules, sorted(_names(row)), now=now)
    return get_contact(connection, program, contact.id)


def get_contact(connection: Connection, program: str, contact: str) -> Contact:
    """One contact, by its id or e-mail address. Raises NotFound."""
    name = contact_key(contact)
    row = store.contacts.known(connection, program, [name]).get(name)
    if row is None:
        raise NotFound(f"There is no contact {contact!r} in this program.")
    return Contact(**row._asdict())


def erase_contact(connection: Connection, program: str, contact: str) -> None:
    """Forget a person everywhere: events stay and count, under a name that says nothing. Raises NotFound."""
    hold_rulebook(connection, program, alone=True)
    known = get_contact(connection, program, contact)
    names = sorted(_names(ContactRow(**known.model_dump())))
    tombstone = f"erased-{uuid4().hex}"
    store.ledger.erase_person(connection, program, names, tombstone)
    store.tallies.rename_contact(connection, program, names, tombstone)
    store.handoffs.erase_person(connection, program, names)
    store.contacts.remove(connection, program, known.id)


def _names(contact: ContactRow) -> set[str]:
    return {contact.id} | ({contact.email} if contact.email else set())
