"""What every native adapter offers, and the few values that pass between it and the edge."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from pydantic import BaseModel, ValidationError

from app.errors import FieldError, Invalid
from app.sources.event import NewEvent


@dataclass(frozen=True)
class Incoming:
    """A request as the platform sent it. Header names are in lower case; the body is the raw bytes."""

    headers: Mapping[str, str]
    body: bytes
    query: Mapping[str, str]


@dataclass(frozen=True)
class Refused:
    """An item that could not be translated, as it came in.

    It may hold what a database refuses (NUL, lone surrogates, NaN): store it as ASCII JSON text.
    """

    item: object
    reason: str


@dataclass(frozen=True)
class Translation:
    """What a request came to; every item of it is in exactly one of the three."""

    events: list[NewEvent]
    refused: list[Refused]
    ignored: int


class Adapter(Protocol):
    """Reads one platform's native payload. Pure: no I/O, no clock."""

    @property
    def kind(self) -> str:
        """The name in `POST /v1/sources`."""

    @property
    def settings_model(self) -> type[BaseModel]:
        """What a source of this kind can be set to; every setting has a default."""

    def steps(self, url: str) -> list[str]:
        """What to do in the platform so that it posts to `url`, in the platform's own words."""

    def check_secrets(self, secrets: Sequence[str]) -> None:
        """Raises Invalid, naming `secrets` or `secrets.<n>`, if no request could be verified with them."""

    def verify(self, incoming: Incoming, secrets: Sequence[str]) -> bool:
        """Whether one of the active secrets vouches for the raw bytes. Never raises."""

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
