"""What every native adapter offers, and the few values that pass between it and the edge."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from pydantic import BaseModel, ValidationError
from pydantic.dataclasses import dataclass as validated

from app.errors import FieldError, Invalid
from app.sources.attending import Fragment
from app.sources.event import Identifier, NewEvent, Text


@dataclass(frozen=True)
class Incoming:
    """A request as the platform sent it. Header names are in lower case; the body is the raw bytes.

    `url` is the one that was called, as the platform knows it: our public URL, key and query included.
    `path` is what follows the key in it, such as `/v1/batch`. `fetched` has, by its address, what the adapter
    `needs` to verify the request.
    """

    headers: Mapping[str, str]
    body: bytes
    query: Mapping[str, str]
    method: str = "POST"
    url: str = ""
    path: str = ""
    fetched: Mapping[str, bytes] = field(default_factory=dict)


@validated(frozen=True)
class Introduction:
    """What an item teaches about a person: names that are the same one, and for which partner.

    `contact` is the platform's own name for the person, such as `mautic:26`, where it has one.
    """

    contact: Identifier
    aliases: tuple[Identifier, ...] = ()
    email: Identifier | None = None
    name: Text | None = None
    partner: Identifier | None = None


@dataclass(frozen=True)
class Reply:
    """What the platform wants to hear. `visit` is an address to be fetched first, to confirm (SNS).

    Without a `body` of the platform's own it hears what became of its items.
    """

    status: int = 200
    body: Mapping[str, Any] | str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    visit: str | None = None


@dataclass(frozen=True)
class Meaning:
    """What one item comes to; without events and fragments it is ignored, though something may be learnt.

    `erasures` name the people whom the platform was told to forget, to be forgotten once the events are
    recorded.
    """

    events: Sequence[NewEvent] = ()
    introductions: Sequence[Introduction] = ()
    fragments: Sequence[Fragment] = ()
    erasures: Sequence[str] = ()


@dataclass(frozen=True)
class Understood:
    """An item, as it came in, and what it comes to."""

    item: object
    meaning: Meaning


@dataclass(frozen=True)
class Refused:
    """An item that could not be translated, as it came in.

    It may hold what a database refuses (NUL, lone surrogates, NaN): store it as ASCII JSON text.
    """

    item: object
    reason: str


@dataclass(frozen=True)
class Translation:
    """What a request came to, item by item, in their order."""

    items: Sequence[Understood | Refused]

    @property
    def meanings(self) -> list[Meaning]:
        """What the items come to that were understood."""
        return [each.meaning for each in self.items if isinstance(each, Understood)]

    @property
    def refused(self) -> list[Refused]:
        """The items that could not be translated."""
        return [each for each in self.items if isinstance(each, Refused)]

    @property
    def events(self) -> list[NewEvent]:
        """All events."""
        return [event for each in self.meanings for event in each.events]

    @property
    def fragments(self) -> list[Fragment]:
        """All parts of attendances."""
        return [fragment for each in self.meanings for fragment in each.fragments]

    @property
    def introductions(self) -> list[Introduction]:
        """All that can be learnt, also from items that are ignored."""
        return [one for each in self.meanings for one in each.introductions]

    @property
    def erasures(self) -> list[str]:
        """Everybody who is to be forgotten."""
        return [name for each in self.meanings for name in each.erasures]

    @property
    def ignored(self) -> int:
        """How many items mean nothing for a score."""
        return sum(not (each.events or each.fragments) for each in self.meanings)


class Adapter(Protocol):
    """Reads one platform's native payload. Pure: no I/O, no clock."""

    @property
    def kind(self) -> str:
        """The name in `POST /v1/sources`."""

    @property
    def title(self) -> str:
        """What people call the platform."""

    @property
    def settings_model(self) -> type[BaseModel]:
        """What a source of this kind can be set to; every setting has a default."""

    @property
    def taken(self) -> Reply:
        """What the platform hears once its request is durable, whatever is in it."""
        return Reply()

    @property
    def unreadable(self) -> Reply:
        """What it hears for a Malformed body: the same, where sending it again would not help."""
        return self.taken

    def steps(self, url: str) -> list[str]:
        """What to do in the platform so that it posts to `url`, in the platform's own words."""

    def check_secrets(self, secrets: Sequence[str]) -> None:
        """Raises Invalid, naming `secrets` or `secrets.<n>`, if no request could be verified with them."""

    def needs(self, incoming: Incoming) -> str | None:
        """An address whose content must be in `incoming.fetched` before `verify` can say yes. Never raises.

        It is one of the platform's own, and what is found there does not change: it may be remembered.
        """
        return None

    def verify(self, incoming: Incoming, secrets: Sequence[str], *, received_at: datetime) -> bool:
        """Whether one of the active secrets vouches for the raw bytes. Never raises."""

    def handshake(self, incoming: Incoming, secrets: Sequence[str]) -> Reply | None:
        """The reply to a request that brings no events but wants an answer; None for any other. Never raises.

        Asked after `verify`, except for methods other than POST, which carry no signature.
        """
        return None

    def translate(
        self, incoming: Incoming, settings: Mapping[str, Any], *, received_at: datetime
    ) -> Translation:
        """The events in the body. Raises Malformed if the body as a whole cannot be read.

        `settings` must have passed `checked_settings`.
        """


def checked_settings(adapter: Adapter, settings: Mapping[str, Any]) -> dict[str, Any]:
    """`settings` with the defaults filled in. Raises Invalid naming `settings.<path>`."""
    try:
        return adapter.settings_model.model_validate(settings).model_dump(mode="json")
    except ValidationError as error:
        errors = [
            FieldError(".".join(("settings", *map(str, each["loc"]))), each["msg"]) for each in error.errors()
        ]
        raise Invalid(f"The settings do not fit a source of kind {adapter.kind}.", errors=errors) from error
