"""Sources: a platform gets a URL of its own, and what it posts there becomes events."""

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection
from ulid import ULID

from app import store
from app.errors import FieldError, Invalid, NotFound
from app.services.source_view import NewSource, Source, source_view
from app.sources.adapter import Adapter, checked_settings
from app.sources.registry import ADAPTERS, mapping_adapter
from app.store.sources import SourceRow
from app.vault import Vault, digest

OLD_KEY_GOOD_FOR = timedelta(hours=24)
"""How long a URL stays good after its key was rotated, for people to paste the new one."""

UNVERIFIED_EVERY = timedelta(minutes=1)
"""How often it is noted that requests are unverified: each note is a write, and anybody may cause it."""

Check = Callable[[Source], None]


@dataclass(frozen=True)
class OpenSource:
    """A source, ready to verify and translate."""

    id: str
    program: str
    adapter: Adapter
    secrets: Sequence[str]
    settings: dict[str, Any]
    unverified_at: datetime | None = None

    def is_known_unverified(self, *, now: datetime) -> bool:
        """Whether it was noted a moment ago that a request came that no secret vouched for."""
        return self.unverified_at is not None and now - self.unverified_at < UNVERIFIED_EVERY


@dataclass(frozen=True)
class NewSourceForm:
    """What a source is made of: a kind, or a mapping of the user's own."""

    kind: str | None
    mapping: str | None
    name: str
    secrets: Sequence[str]
    settings: Mapping[str, Any]


def create_source(
    connection: Connection, vault: Vault, program: str, form: NewSourceForm, *, public_url: str, now: datetime
) -> NewSource:
    """Store a source. Raises Invalid for an unknown kind, a bad mapping, unusable secrets or settings."""
    adapter = adapter_of(form.kind, form.mapping)
    adapter.check_secrets(form.secrets)
    key = secrets.token_urlsafe(24)
    id_ = f"src_{ULID()}"
    store.sources.add(
        connection,
        id=id_,
        program=program,
        kind=adapter.kind,
        name=form.name,
        mapping=form.mapping,
        key_digest=digest(key),
        secrets=_sealed(vault, form.secrets),
        settings=checked_settings(adapter, form.settings),
        requests=0,
        created_at=now,
    )
    return _with_key(get_source(connection, program, id_), adapter, key, public_url)


def list_sources(connection: Connection, program: str, *, after: str, limit: int) -> list[Source]:
    """Sources, oldest first."""
    return [source_view(row) for row in store.sources.page(connection, program, after=after, limit=limit)]


def get_source(connection: Connection, program: str, source: str) -> Source:
    """One source. Raises NotFound."""
    return source_view(_known(connection, program, source))


def change_source(
    connection: Connection,
    vault: Vault,
    program: str,
    source: str,
    changes: Mapping[str, Any],
    *,
    check: Check,
) -> Source:
    """Change name, mapping, secrets or settings. Raises NotFound, Invalid, and what `check` does.

    Secrets and settings are replaced as a whole; several secrets are good at once, so one can be rotated by
    adding the new one first.
    """
    row = _known(connection, program, source, lock=True)
    check(source_view(row))
    mapping = changes.get("mapping", row.mapping)
    if (mapping is None) != (row.mapping is None):
        message = "only a source that was made with one has a mapping, and keeps one"
        raise Invalid("The source cannot be changed so.", errors=[FieldError("mapping", message)])
    adapter = adapter_of(None if mapping else row.kind, mapping)
    values = {name: value for name, value in changes.items() if name in {"name", "mapping"}}
    if "secrets" in changes:
        adapter.check_secrets(changes["secrets"])
        values["secrets"] = _sealed(vault, changes["secrets"])
    elif mapping != row.mapping:
        adapter.check_secrets(_opened(vault, row))
    values["settings"] = checked_settings(adapter, changes.get("settings", row.settings))
    store.sources.change(connection, source, values)
    return get_source(connection, program, source)


def rotate_key(
    connection: Connection,
    program: str,
    source: str,
    *,
    expire_previous: bool,
    public_url: str,
    now: datetime,
) -> NewSource:
    """Give a source a new URL; the old one stays good for a day, unless it is to expire. Raises NotFound."""
    row = _known(connection, program, source, lock=True)
    key = secrets.token_urlsafe(24)
    previous = (None, None) if expire_previous else (row.key_digest, now + OLD_KEY_GOOD_FOR)
    store.sources.change(
        connection,
        source,
        {
            "key_digest": digest(key),
            "previous_key_digest": previous[0],
            "previous_key_until": previous[1],
        },
    )
    return _with_key(get_source(connection, program, source), _adapter_of(row), key, public_url)


def disable_source(connection: Connection, program: str, source: str, *, now: datetime) -> None:
    """Accept nothing more at its URL. Raises NotFound."""
    row = _known(connection, program, source, lock=True)
    if row.disabled_at is not None:
        raise NotFound(f"There is no enabled source {source!r} in this program.")
    store.sources.change(connection, source, {"disabled_at": now})


def enable_source(connection: Connection, program: str, source: str) -> Source:
    """Accept requests at its URL again. Raises NotFound."""
    _known(connection, program, source, lock=True)
    store.sources.change(connection, source, {"disabled_at": None})
    return get_source(connection, program, source)


def source_with_key(connection: Connection, vault: Vault, key: str, *, now: datetime) -> OpenSource:
    """The enabled source whose URL has this key. Raises NotFound."""
    row = store.sources.by_key(connection, digest(key), now=now)
    if row is None:
        raise NotFound("No source has this URL. Was it disabled or rotated, or cut when it was pasted?")
    return _open(vault, row)


def open_source(connection: Connection, vault: Vault, source: str) -> OpenSource:
    """A source by its id, enabled or not."""
    return _open(vault, store.sources.by_id(connection, source))


def open_own(connection: Connection, vault: Vault, program: str, source: str) -> OpenSource:
    """The same for one of the program's. Raises NotFound."""
    return _open(vault, _known(connection, program, source))


def secrets_of(connection: Connection, vault: Vault, program: str, source: str) -> Sequence[str]:
    """The secrets of one of the program's, even if its mapping is good no more. Raises NotFound."""
    return _opened(vault, _known(connection, program, source))


def note_unverified(connection: Connection, source: OpenSource, *, now: datetime) -> None:
    """Note that a request came that no secret vouched for: a wrong secret looks like silence else."""
    store.sources.change(connection, source.id, {"unverified_at": now})


def adapter_of(kind: str | None, mapping: str | None) -> Adapter:
    """The adapter of a kind, or of a mapping. Raises Invalid unless one of them is given, and good."""
    if (kind is None) == (mapping is None):
        errors = [FieldError("kind", "give either a kind or a mapping")]
        raise Invalid("A source is of a kind, or has a mapping of its own.", errors=errors)
    if mapping is not None:
        return mapping_adapter(mapping)
    adapter = ADAPTERS.get(str(kind))
    if adapter is None:
        message = f"must be one of: {', '.join(sorted(ADAPTERS))}"
        raise Invalid(f"There is no source kind {kind!r}.", errors=[FieldError("kind", message)])
    return adapter


def _known(connection: Connection, program: str, source: str, *, lock: bool = False) -> SourceRow:
    row = store.sources.get(connection, program, source, lock=lock)
    if row is None:
        raise NotFound(f"There is no source {source!r} in this program.")
    return row


def _adapter_of(row: SourceRow) -> Adapter:
    return adapter_of(None if row.mapping else row.kind, row.mapping)


def _open(vault: Vault, row: SourceRow) -> OpenSource:
    adapter, known = _adapter_of(row), _opened(vault, row)
    return OpenSource(row.id, row.program, adapter, known, row.settings, row.unverified_at)


def _opened(vault: Vault, row: SourceRow) -> list[str]:
    opened: list[str] = json.loads(vault.open(row.secrets))
    return opened


def _sealed(vault: Vault, secrets_: Sequence[str]) -> bytes:
    return vault.seal(json.dumps(list(secrets_)))


def _with_key(source: Source, adapter: Adapter, key: str, public_url: str) -> NewSource:
    url = f"{public_url.rstrip('/')}/in/{key}"
    return NewSource(**source.model_dump(), key=key, url=url, steps=adapter.steps(url))
