"""A mapping at work: presets and mappings of users' own are adapters like the native ones."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel

from app.errors import Malformed
from app.sources.adapter import Adapter, Incoming, Refused, Reply, Translation
from app.sources.mapping.budget import Budget
from app.sources.mapping.challenging import answer, concerns, told
from app.sources.mapping.credentials import check, vouches
from app.sources.mapping.decode import decoded
from app.sources.mapping.document import Challenge, MappingDocument
from app.sources.mapping.expression import Finder
from app.sources.mapping.items import Found, split, without_depths
from app.sources.mapping.scope import Scope
from app.sources.mapping.settings import MappingSettings
from app.sources.mapping.translate import ItemReader, Mapped
from app.sources.reading import reason_of
from app.sources.resolving import Resolvers

# What looking into all items of a request may cost together, about a second; each has an equal share of it.
STEPS = 2_000_000
MOST_STEPS = 50_000
FEW_STEPS = 10_000
MOST_BYTES = 64 * 1024
"""What a challenge may be: strangers' bodies are looked into for one, and each request's several times."""

UNANSWERED = "it is a challenge of the platform that could not be answered"
# A challenge has no time: whatever it says of one is not ahead of this.
LATEST = datetime(9000, 1, 1, tzinfo=UTC)


class MappingAdapter(Adapter):
    """Reads what a mapping describes."""

    settings_model: type[BaseModel] = MappingSettings

    def __init__(self, document: MappingDocument, kind: str) -> None:
        self.document = document
        self._kind = kind

    @property
    def kind(self) -> str:
        """The preset's name, or what mappings of users' own are called."""
        return self._kind

    @property
    def title(self) -> str:
        """What the mapping says."""
        return self.document.name

    @property
    def taken(self) -> Reply:
        """What the mapping says."""
        return Reply(self.document.response.status, self.document.response.body)

    def steps(self, url: str) -> list[str]:
        """The mapping's, and what nobody has seen yet."""
        steps = [step.replace("{url}", url) for step in self.document.steps]
        return [*steps, *(f"Not yet seen in a real account: {each}" for each in self.document.uncertain)]

    def check_secrets(self, secrets: Sequence[str]) -> None:
        """Raises Invalid if no request could be verified with them."""
        check(self.document.verify, secrets)

    def verify(self, incoming: Incoming, secrets: Sequence[str], *, received_at: datetime) -> bool:
        """Whether the request proves where it comes from, or asks for nothing but an answer."""
        if vouches(self.document.verify, incoming, secrets, received_at):
            return True
        found = self._challenge(incoming)
        return found is not None and found[0].unsigned

    def handshake(self, incoming: Incoming, secrets: Sequence[str]) -> Reply | None:
        """The answer to the first challenge that the request is."""
        found = self._challenge(incoming)
        if found is None or found[0].tell is not None:
            return None
        try:
            return answer(*found, secrets)
        except ValueError:
            return None

    def translate(
        self, incoming: Incoming, settings: Mapping[str, Any], *, received_at: datetime
    ) -> Translation:
        """The events of all items; a bad one is refused alone."""
        found = self.mapped(incoming, settings, received_at=received_at)
        return Translation([each.understood() if isinstance(each, Mapped) else each for each in found])

    def mapped(
        self, incoming: Incoming, settings: Mapping[str, Any], *, received_at: datetime
    ) -> list[Mapped | Refused]:
        """What each item came to, in order, with an account of why. Raises Malformed."""
        asked = self._challenge(incoming)
        body = decoded(incoming, self.document.decode)
        found: list[Found]
        if asked is not None:
            # Some are not verified: whatever else is in such a request, it brings no events.
            found = [Refused(body, told(asked[0].tell or UNANSWERED, asked[1]))]
        else:
            found = split(self.document.items, Scope(body, body, incoming, received_at))
        # Equal shares, so that an item that takes much takes nothing from the others.
        steps = min(MOST_STEPS, STEPS // max(len(found), 1))
        resolvers = MappingSettings.model_validate(settings).partner
        return [
            self._read(each, resolvers, steps) if isinstance(each, Scope) else each
            for each in without_depths(found)
        ]

    def _read(self, scope: Scope, resolvers: Resolvers, steps: int) -> Mapped | Refused:
        try:
            finder = Finder(scope, Budget(steps))
            return ItemReader(self.document, resolvers, scope, finder).mapped()
        except (ValueError, RecursionError) as error:
            return Refused(scope.item, reason_of(error))

    def _challenge(self, incoming: Incoming) -> tuple[Challenge, Finder] | None:
        """The first challenge that the request is. Never raises."""
        asks_body = incoming.method == "POST"
        if not any((each.when is not None) == asks_body for each in self.document.challenge):
            return None
        try:
            body = decoded(incoming, self.document.decode, most=MOST_BYTES) if asks_body else None
        except Malformed:
            return None
        finder = Finder(Scope(body, body, incoming, LATEST), Budget(FEW_STEPS))
        fits = (each for each in self.document.challenge if concerns(each, incoming, finder))
        challenge = next(fits, None)
        return (challenge, finder) if challenge is not None else None
