"""Internal contacts: the vendor's own people, and others whose events must not count."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from app.api.answers import shown
from app.api.auth import Admin, Reader
from app.api.etags import require_match
from app.api.state import Service
from app.api.strict_json import StrictRoute
from app.services import internal_contacts
from app.services.internal_contacts import InternalContacts
from app.services.rulebook import hold_rulebook
from app.sources.event import Identifier

router = APIRouter(prefix="/v1/internal-contacts", tags=["Contacts"], route_class=StrictRoute)


class InternalContactsForm(BaseModel):
    """The whole list."""

    model_config = ConfigDict(extra="forbid")

    contacts: Annotated[list[Identifier], Field(max_length=1_000)] = Field(
        description="E-mail addresses, and domains, each with all domains below it.",
        examples=[["vendor.example", "qa@agency.example"]],
    )


@router.get("", response_model=InternalContacts)
async def get_internal_contacts(request: Request, service: Service, caller: Reader) -> Response:
    """The addresses and domains whose events do not count."""
    found = await service.database.read(lambda c: internal_contacts.get_internal_contacts(c, caller.program))
    return shown(request, found)


@router.put("", response_model=InternalContacts)
async def put_internal_contacts(
    request: Request, service: Service, caller: Admin, form: InternalContactsForm
) -> Response:
    """Replace the list. Events of these contacts that come from now on get the verdict `internal`.

    Events of the past keep theirs; change them one by one where it matters.
    """

    def put(connection: Connection) -> InternalContacts:
        hold_rulebook(connection, caller.program, alone=True)
        require_match(request, internal_contacts.get_internal_contacts(connection, caller.program))
        return internal_contacts.put_internal_contacts(connection, caller.program, form.contacts)

    return shown(request, await service.database.write(put))
