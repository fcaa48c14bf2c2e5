"""Programs and the keys that open them."""

import re
import secrets
import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError
from ulid import ULID

from app import store
from app.errors import Conflict, FieldError, Invalid, NotFound
from app.services.moves import SERVICE
from app.services.rulebook import new_stamp
from app.sources.event import Identifier
from app.vault import digest

SCOPES = ("events:write", "read", "handoffs:write", "admin")
PROGRAM_ID = r"[a-z0-9][a-z0-9_-]{0,62}"
PREFIX = "hrk_"
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
RANDOM_CHARS = 30
CHECK_CHARS = 6

KeyName = Annotated[Identifier, Field(max_length=100)]
"""A source: events that name none come from the key that they are sent with."""
_KEY_NAME: TypeAdapter[str] = TypeAdapter(KeyName)


class Program(BaseModel):
    """One vendor's partner programme."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"id": "acme-storage", "name": "Acme Storage partners"}}
    )

    id: str
    name: str


_KEY: dict[str, Any] = {
    "id": "key_01JCV7K8Q2W5X3Y9Z0A1B2C3D4",
    "name": "marketo",
    "scopes": ["events:write"],
    "created_at": "2026-02-01T08:00:00Z",
}


class Key(BaseModel):
    """A key of a program, without its secret."""

    model_config = ConfigDict(json_schema_extra={"example": _KEY})

    id: str
    name: str
    scopes: list[str]
    created_at: datetime


class NewKey(Key):
    """A key just made: the only time its secret is shown."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                **_KEY,
                "secret": "hrk_...",
            }
        }
    )

    secret: str


def create_program(connection: Connection, program: str, name: str, *, now: datetime) -> Program:
    """Store a program. Raises Invalid for an id that is none, and Conflict if it is taken."""
    if not re.fullmatch(PROGRAM_ID, program):
        fault = FieldError("id", f"must match {PROGRAM_ID}")
        raise Invalid("That cannot be a program's id.", errors=[fault])
    try:
        store.programs.add(connection, program, name, stamp=new_stamp(), now=now)
    except IntegrityError as error:
        raise Conflict(f"There is a program {program!r} already.") from error
    return Program(id=program, name=name)


def create_key(
    connection: Connection, program: str, name: str, scopes: Sequence[str], *, now: datetime
) -> NewKey:
    """Make a key of a program. Raises NotFound, and Invalid for an unknown scope or a name that is none."""
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown:
        fault = FieldError("scopes", f"{unknown[0]!r} is not one of {', '.join(SCOPES)}")
        raise Invalid("There is no such scope.", errors=[fault])
    _check_name(name)
    if not store.programs.exists(connection, program):
        raise NotFound(f"There is no program {program!r}.")
    secret = new_secret()
    key = NewKey(id=f"key_{ULID()}", name=name, scopes=sorted(set(scopes)), created_at=now, secret=secret)
    store.keys.add(connection, program=program, digest=digest(secret), **key.model_dump(exclude={"secret"}))
    return key


def _check_name(name: str) -> None:
    try:
        _KEY_NAME.validate_python(name)
    except ValidationError as error:
        faults = [FieldError("name", each["msg"]) for each in error.errors()]
        raise Invalid("A key cannot have this name.", errors=faults) from error
    if name == SERVICE:
        fault = FieldError("name", "is what the service calls itself; moves made with the key are signed so")
        raise Invalid("A key cannot have this name.", errors=[fault])


def list_keys(connection: Connection, program: str, *, after: str, limit: int) -> list[Key]:
    """Keys that are not revoked, oldest first."""
    rows = store.keys.page(connection, program, after=after, limit=limit)
    return [Key.model_validate(row, from_attributes=True) for row in rows]


def revoke_key(connection: Connection, program: str, key: str, *, now: datetime) -> str:
    """Revoke a key; its digest. Raises NotFound."""
    revoked = store.keys.revoke(connection, program, key, now=now)
    if revoked is None:
        raise NotFound(f"There is no key {key!r} in this program.")
    return revoked


def new_secret() -> str:
    """A secret that scanners recognise: a prefix, 30 random characters and their CRC-32, like GitHub's."""
    random = "".join(secrets.choice(BASE62) for _ in range(RANDOM_CHARS))
    return PREFIX + random + checksum(random)


def is_well_formed(secret: str) -> bool:
    """Whether it can be a key at all; tells a typo without a look at the database."""
    body = secret.removeprefix(PREFIX)
    return (
        secret.startswith(PREFIX)
        and len(body) == RANDOM_CHARS + CHECK_CHARS
        and checksum(body[:RANDOM_CHARS]) == body[RANDOM_CHARS:]
    )


def checksum(random: str) -> str:
    """CRC-32 in six base-62 digits."""
    number, digits = zlib.crc32(random.encode()), ""
    for _ in range(CHECK_CHARS):
        number, digit = divmod(number, len(BASE62))
        digits = BASE62[digit] + digits
    return digits
