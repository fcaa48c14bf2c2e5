"""What a source of CloudEvents can be set to, and how their types become ours."""

from typing import Annotated

from pydantic import Field, StringConstraints

from app.sources.event import EventType
from app.sources.resolving import Resolvers, SourceSettings, looking_at
from app.sources.vocabulary import TYPES

Name = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class CloudEventsSettings(SourceSettings):
    """Paths look into the structured event, its `data` included; `partner` is there wherever it was named."""

    partner: Resolvers = looking_at("partner", "data.partner_id")
    types: dict[Name, EventType | None] = Field(
        default_factory=dict,
        max_length=1_000,
        description="Types of the sender's, as they are, and ours for them; `null` ignores the event.",
    )

    def type_of(self, type_: object) -> object:
        """Ours for the sender's: as set, or the end of com.example.deal.registered; else as it is."""
        if not isinstance(type_, str) or type_ in self.types:
            return self.types.get(type_) if isinstance(type_, str) else type_
        ending = ".".join(type_.rsplit(".", 2)[-2:])
        return ending if ending in TYPES else type_
