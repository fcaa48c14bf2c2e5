"""What a Segment source can be set to, and how event names become types."""

import re
import unicodedata
from functools import cached_property
from typing import Annotated

from pydantic import Field, StringConstraints

from app.sources.event import EventType
from app.sources.resolving import Resolvers, SourceSettings, looking_at
from app.sources.vocabulary import TYPES

LONGEST_SLUG = 80

# Segment's own names for what happens to mails, beside those that our types spell: "Deal Registered".
NAMES = {
    **{name.replace(".", " ").replace("_", " "): name for name in TYPES},
    "email link clicked": "email.clicked",
    "email marked as spam": "email.complained",
    "trade show attended": "tradeshow.attended",
    "unsubscribed": "email.unsubscribed",
}

Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class SegmentSettings(SourceSettings):
    """`events` goes before our own table of names.

    `erase` is off because a signature proves no more than the write key does, which browsers may show to all.
    """

    partner: Resolvers = looking_at(
        "properties.partner_id",
        "groupId",
        "context.groupId",
        "traits.company.id",
        "context.traits.company.id",
    )
    events: dict[Name, EventType | None] = Field(
        default_factory=dict,
        max_length=1_000,
        description="Names of track calls, in any spelling, and their types; `null` ignores the event.",
    )
    erase: bool = Field(
        default=False,
        description="Whether `delete` erases people. Only where no browser or app has the write key: whoever"
        " knows it could have anybody erased.",
    )

    @cached_property
    def _by_name(self) -> dict[str, EventType | None]:
        return NAMES | {plain_name(name): type_ for name, type_ in self.events.items()}

    def type_of(self, name: str) -> str | None:
        """The type for a track call's name; None if it is to be ignored. Raises ValueError."""
        plain = plain_name(name)
        return self._by_name[plain] if plain in self._by_name else f"track.{_slug(plain)}"


def plain_name(name: str) -> str:
    """The same for "Deal Registered", "deal_registered" and "dealRegistered"."""
    return " ".join(re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[_\-.\s]+", " ", name).split()).lower()


def _slug(plain: str) -> str:
    letters = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "_", letters)[:LONGEST_SLUG].strip("_")
    if not slug:
        raise ValueError(
            "`event` has no letter that a type could have: name its type in the setting `events`"
        )
    return slug
