"""One event as it comes in, whatever brought it: validated, not yet attributed or counted."""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime
from math import isfinite
from typing import Annotated, Any, Literal
from uuid import uuid4

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic_core import to_json

MAX_DEPTH = 32
MAX_KEYS = 1_000
MAX_PROPERTIES_BYTES = 64 * 1024
# Beyond it a float no longer tells whole numbers apart, and neither do most readers of JSON.
MAX_INTEGER = 2**53 - 1

# Made once, because json.dumps makes itself one for each call.
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"))

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")

Verdict = Literal["human", "machine", "internal"]


def plain_text(value: str) -> str:
    """Refuse what PostgreSQL cannot store and SQLite can: both must give the same verdict."""
    if "\x00" in value:
        raise ValueError("must not contain a NUL character")
    if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
        raise ValueError("must not contain a lone surrogate")
    return value


def properties_within_limits(value: dict[str, Any]) -> dict[str, Any]:
    """Refuse what the two databases or other readers of JSON would take differently."""
    if _keys_within(value, depth=1) > MAX_KEYS:
        raise ValueError(f"must not have more than {MAX_KEYS} keys")
    if _is_longer(value, MAX_PROPERTIES_BYTES):
        raise ValueError(f"must not be over {MAX_PROPERTIES_BYTES} bytes as JSON")
    return value


def _keys_within(part: object, *, depth: int) -> int:
    """How many keys it has in all, once everything in it has been looked at."""
    if depth > MAX_DEPTH:
        raise ValueError(f"must not be nested deeper than {MAX_DEPTH}")
    if isinstance(part, list):
        return sum(_keys_within(each, depth=depth + 1) for each in part)
    if not isinstance(part, dict):
        _check_scalar(part)
        return 0
    for key in part:
        plain_text(key)
    return len(part) + sum(_keys_within(each, depth=depth + 1) for each in part.values())


def _is_longer(value: dict[str, Any], limit: int) -> bool:
    """Whether it has more bytes than that as the standard library writes it, with spaces."""
    # Most are far from the limit. Without spaces it is made ten times as fast, and more than half as long.
    return len(to_json(value)) * 2 > limit and len(json.dumps(value, ensure_ascii=False).encode()) > limit


def _check_scalar(value: object) -> None:
    if isinstance(value, str):
        plain_text(value)
    elif isinstance(value, float) and not isfinite(value):
        raise ValueError("must contain finite numbers only")
    elif isinstance(value, int) and abs(value) > MAX_INTEGER:
        raise ValueError("must not contain a whole number beyond 2^53 - 1; send it as a string")


def written_time(value: object) -> object:
    """Refuse numbers, which a date type would take for seconds, or for milliseconds if they are large."""
    if value is None or isinstance(value, datetime) or (isinstance(value, str) and _DATE.match(value)):
        return value
    raise ValueError("must be an RFC 3339 time with a zone, such as 2026-03-02T09:06:00Z")


def visible_text(value: str) -> str:
    """Refuse, beside what is no plain text, what nobody could see: a contact's key would be nothing of it."""
    if not value.strip():
        raise ValueError("must not be blank")
    return plain_text(value)


Instant = Annotated[AwareDatetime, BeforeValidator(written_time)]
Text = Annotated[str, AfterValidator(plain_text)]
Identifier = Annotated[
    str,
    StringConstraints(min_length=1, max_length=255),
    AfterValidator(visible_text),
]
EventType = Annotated[str, StringConstraints(max_length=100, pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)*$")]
Reason = Annotated[str, StringConstraints(max_length=200), AfterValidator(plain_text)]
Properties = Annotated[dict[str, Any], AfterValidator(properties_within_limits)]


class NewEvent(BaseModel):
    """An interaction of a partner with the vendor's marketing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Identifier = Field(
        description="Unique within the source; sending it again is harmless.", examples=["evt-1"]
    )
    type: EventType = Field(
        description="What happened, as dotted lower-case words.", examples=["email.clicked"]
    )
    occurred_at: Instant | None = Field(
        None,
        description="When it happened; the time of receipt if absent.",
        examples=["2026-03-02T09:06:00Z"],
    )
    partner: Identifier | None = Field(
        None, description="The partner's id in your CRM or PRM.", examples=["acme"]
    )
    contact: Identifier | None = Field(
        None, description="E-mail address or external id of the person.", examples=["jo@acme.example"]
    )
    source: Identifier | None = Field(None, description="Where it comes from; the key's name if absent.")
    properties: Properties = Field(
        default_factory=dict,
        description="What rules and talking points may look at.",
        examples=[{"url": "/deals"}],
    )
    verdict: Verdict = Field("human", description="Whether a person did it; only `human` events count.")
    verdict_reason: Reason | None = Field(
        None, description="Why the verdict is not `human`.", examples=["flagged by Mailgun: apple"]
    )

    @model_validator(mode="after")
    def _attributable(self) -> "NewEvent":
        if self.partner is None and self.contact is None:
            raise ValueError("one of partner and contact is required")
        return self

    def digest(self) -> str:
        """Tells a repeat from a conflict: a hash of the content as it was posted, whatever its verdict."""
        content = (
            self.type,
            self.occurred_at.timestamp() if self.occurred_at else None,
            self.partner,
            self.contact,
            self.properties,
        )
        return hashlib.blake2b(canonical(content), digest_size=16).hexdigest()


def canonical(value: Mapping[str, Any] | tuple[Any, ...]) -> bytes:
    """JSON that is the same bytes for equal content."""
    return _CANONICAL.encode(value).encode()


_ERASED = "erased-"


def tombstone() -> str:
    """A new name for an erased person, which says nothing."""
    return f"{_ERASED}{uuid4().hex}"


def is_erased(contact: str) -> bool:
    """Whether it is what an erased person is called."""
    return contact.startswith(_ERASED)


def contact_key(contact: str) -> str:
    """How a contact is written in the ledger: e-mail addresses in lower case, ids as they are."""
    trimmed = contact.strip()
    return trimmed.lower() if "@" in trimmed else trimmed
