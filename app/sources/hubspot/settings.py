"""What a HubSpot source can be set to."""

from typing import Annotated

from pydantic import Field, StringConstraints

from app.sources.event import EventType
from app.sources.resolving import Resolvers, SourceSettings, looking_at

# HubSpot tells no opens and clicks; it changes a property of the contact at each. Which, is not documented.
PROPERTIES = {
    "hs_email_last_open_date": "email.opened",
    "hs_email_last_click_date": "email.clicked",
    "recent_conversion_date": "form.submitted",
}

Name = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class HubSpotSettings(SourceSettings):
    """Paths look into a workflow's body, or at the one property that a subscription tells by its name."""

    partner: Resolvers = looking_at("partner_id", "associatedcompanyid")
    properties: dict[Name, EventType | None] = Field(
        default_factory=dict,
        max_length=200,
        description="Contact properties whose change is an event, and its type; `null` ignores one of ours.",
    )

    def type_of(self, name: object) -> str | None:
        """What it means that a contact's property changed; None if nothing."""
        known: dict[str, str | None] = {**PROPERTIES, **self.properties}
        return known.get(name) if isinstance(name, str) else None
