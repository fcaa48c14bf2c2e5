"""What a CRM or a person may say about a partner."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.services.partners import PartnerData
from app.sources.event import Identifier, Properties, Text

Name = Annotated[Text, Field(max_length=200)]
Domain = Annotated[Text, Field(max_length=253, pattern=r"^[^\s@/:]+\.[^\s@/:]+$"), AfterValidator(str.lower)]
Domains = Annotated[list[Domain], Field(max_length=100)]


class PartnerForm(BaseModel):
    """A partner to create or replace."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "name": "Acme GmbH",
                "domains": ["acme.example"],
                "owner": "rep@vendor.example",
                "attributes": {"employees": 40, "region": "EMEA"},
            }
        },
    )

    name: Name | None = None
    domains: Domains = Field([], description="E-mail domains whose contacts are this partner's.")
    owner: Name | None = Field(None, description="Whose name signs the partner's mails.")
    attributes: Properties = Field({}, description="What fit rules look at.")

    def data(self, partner: str) -> PartnerData:
        """As the service takes it."""
        return PartnerData(partner, self.name, self.domains, self.owner, self.attributes)


class PartnerChange(BaseModel):
    """Fields of a partner to change."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"attributes": {"employees": 55}}}
    )

    name: Name | None = None
    domains: Domains | None = None
    owner: Name | None = None
    attributes: Properties | None = None


class PartnerItem(PartnerForm):
    """A partner in a batch."""

    id: Identifier
