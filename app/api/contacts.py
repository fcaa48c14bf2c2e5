"""Contacts: the people at partners."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from app import clock
from app.api.answers import shown
from app.api.auth import Admin, Reader
from app.api.etags import require_match
from app.api.state import Service
from app.api.strict_json import StrictRoute
from app.services import contacts
from app.services.rulebook import hold_rulebook
from app.sources.event import Identifier, Text

router = APIRouter(prefix="/v1/contacts", tags=["Contacts"], route_class=StrictRoute)


class ContactForm(BaseModel):
    """What is known about a person."""

    model_config = ConfigDict(extra="forbid")

    email: Annotated[Text, Field(max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")] | None = None
    partner: Identifier | None = None
    name: Annotated[Text, Field(max_length=200)] | None = None
    persona: Annotated[Text, Field(max_length=50)] | None = Field(
        None, description="owner, sales, marketing, technical, or a word of your own.", examples=["technical"]
    )
    aliases: Annotated[list[Identifier], Field(max_length=100)] | None = Field(
        None,
        description="All other names of the person; what is not among them is theirs no longer. Without it,"
        " those that are known stay.",
    )


@router.put("/{contact:path}", response_model=contacts.Contact)
async def put_contact(
    request: Request, service: Service, caller: Admin, contact: Identifier, form: ContactForm
) -> Response:
    """Create or replace a contact. Parked events of theirs are counted, each on its own day.

    What platforms told about the person stays where the body says nothing. A name of another contact that was
    put is a `conflict`.
    """
    new, now = contacts.ContactData(id=contact, **form.model_dump()), clock.now()

    def put(connection: Connection) -> contacts.Contact:
        if request.headers.get("if-match") is not None:
            hold_rulebook(connection, caller.program, alone=True)
            require_match(request, contacts.get_contact(connection, caller.program, contact))
        return contacts.put_contact(connection, caller.program, new, now=now)

    stored = await service.database.write(put)
    service.wake()
    return shown(request, stored)


@router.get("/{contact:path}", response_model=contacts.Contact)
async def get_contact(request: Request, service: Service, caller: Reader, contact: str) -> Response:
    """One contact, by its id, its e-mail address or an alias."""
    return shown(
        request, await service.database.read(lambda c: contacts.get_contact(c, caller.program, contact))
    )


@router.delete("/{contact:path}", status_code=204)
async def erase_contact(service: Service, caller: Admin, contact: str) -> None:
    """Erase a person under all their names: their events still count for the partner, named after nobody."""
    await service.database.write(lambda c: contacts.erase_contact(c, caller.program, contact))
