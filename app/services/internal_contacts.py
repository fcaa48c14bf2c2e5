"""Who is of the house: addresses and domains whose events do not count."""

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from app import store
from app.errors import FieldError, Invalid
from app.services.attribution import is_free_mail
from app.services.rulebook import hold_rulebook, rulebook

LABEL_PARTS = 2


class InternalContacts(BaseModel):
    """Addresses and domains of the house."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"contacts": ["qa@agency.example", "vendor.example"]}}
    )

    contacts: list[str] = Field(description="In lower case, each once, in alphabetical order.")


def get_internal_contacts(connection: Connection, program: str) -> InternalContacts:
    """The list as it is. Raises NotFound."""
    return InternalContacts(contacts=sorted(rulebook(connection, program).internal_contacts))


def put_internal_contacts(connection: Connection, program: str, contacts: list[str]) -> InternalContacts:
    """Replace the list: it is for events that come from now on. Raises Invalid."""
    names = [contact.strip().lower() for contact in contacts]
    errors = [
        FieldError(f"contacts.{n}", problem) for n, name in enumerate(names) if (problem := _problem(name))
    ]
    if errors:
        raise Invalid("Not all of these are addresses or domains.", errors=errors)
    # Alone, so that after the answer no event is judged by the list before.
    hold_rulebook(connection, program, alone=True)
    store.programs.set_internal_contacts(connection, program, sorted(set(names)))
    return get_internal_contacts(connection, program)


def _problem(name: str) -> str | None:
    user, at, domain = name.rpartition("@")
    labels = domain.split(".")
    if len(labels) < LABEL_PARTS or not all(labels) or (at and not user) or len(name.split()) != 1:
        return "must be an e-mail address or a domain, such as qa@agency.example or vendor.example"
    if not at and is_free_mail(domain):
        return "is a free-mail provider's domain: anybody may have an address there"
    return None
