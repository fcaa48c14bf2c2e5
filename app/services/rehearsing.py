"""Rehearsals of a platform's request: through a source, or through one that is yet to be created."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from app.services.entries import untimely
from app.services.fates import excerpt_of
from app.services.receipt import Receipt
from app.services.source_rehearsal import (
    IgnoredItem,
    RehearsalError,
    RehearsedEvent,
    Respond,
    SourceRehearsal,
)
from app.services.sources import OpenSource, adapter_of
from app.sources.adapter import Incoming, Refused, Understood, checked_settings
from app.sources.attending import Fragment, attendance
from app.sources.event import NewEvent, properties_within_limits
from app.sources.rehearsal import Rehearsal, Why, rehearse

Finding = RehearsedEvent | RehearsalError | IgnoredItem


def imagined(kind: str | None, mapping: str | None) -> OpenSource:
    """A source that nobody has created, with nothing set. Raises Invalid."""
    adapter = adapter_of(kind, mapping)
    return OpenSource("", "", adapter, (), checked_settings(adapter, {}))


def prepared(
    source: OpenSource, settings: Mapping[str, Any] | None, secrets: Sequence[str] | None
) -> OpenSource:
    """The source with other settings and secrets, where they are given. Raises Invalid."""
    if settings is not None:
        source = replace(source, settings=checked_settings(source.adapter, settings))
    if secrets:
        source.adapter.check_secrets(secrets)
    return source if secrets is None else replace(source, secrets=secrets)


def rehearsed(source: OpenSource, incoming: Incoming, *, received_at: datetime) -> SourceRehearsal:
    """What the request would come to; nothing is stored, and no partner is looked up."""
    rehearsal = rehearse(
        source.adapter, incoming, source.settings, received_at=received_at, secrets=source.secrets
    )
    return _view(rehearsal, source.id or None, received_at)


def _view(rehearsal: Rehearsal, source: str | None, received_at: datetime) -> SourceRehearsal:
    translation = rehearsal.translation
    items = zip(translation.items, rehearsal.why, strict=True)
    found: list[Finding] = [
        each
        for n, (item, why) in enumerate(items)
        for each in _findings(f"items.{n}", item, why, source=source, received_at=received_at)
    ]
    if rehearsal.malformed:
        found = [RehearsalError(path="body", message=rehearsal.malformed, item=None)]
    return SourceRehearsal(
        events=[each for each in found if isinstance(each, RehearsedEvent)],
        attendances=[_received(each, source, received_at) for each in _attendances(translation.fragments)],
        respond=_respond(rehearsal, found),
        verified=rehearsal.verified,
        errors=[each for each in found if isinstance(each, RehearsalError)],
        ignored=[each for each in found if isinstance(each, IgnoredItem)],
        introductions=translation.introductions,
        erasures=[_readable(name) for name in translation.erasures],
    )


def _findings(
    path: str, item: Understood | Refused, why: Why, *, source: str | None, received_at: datetime
) -> Iterator[Finding]:
    excerpt = excerpt_of(item.item)
    if isinstance(item, Refused):
        yield RehearsalError(path=path, message=_readable(item.reason), item=excerpt)
        return
    for each in item.meaning.events:
        event = _received(each, source, received_at)
        fault = untimely(event.occurred_at, received_at)
        if fault is None:
            yield RehearsedEvent(**event.model_dump(), path=path, why=dict(why))
        else:
            yield RehearsalError(path=path, message=f"{fault.path} {fault.message}", item=excerpt)
    if not (item.meaning.events or item.meaning.fragments):
        yield IgnoredItem(path=path, item=excerpt, why=dict(why))


def _received(event: NewEvent, source: str | None, received_at: datetime) -> NewEvent:
    return event.model_copy(update={"source": source, "occurred_at": event.occurred_at or received_at})


def _attendances(fragments: Sequence[Fragment]) -> list[NewEvent]:
    keys = dict.fromkeys(each.key for each in fragments)
    return [attendance([each for each in fragments if each.key == key]) for key in keys]


def _respond(rehearsal: Rehearsal, found: Sequence[Finding]) -> Respond:
    reply = rehearsal.reply
    body = reply.body
    if body is None:
        body = "ok" if rehearsal.is_handshake else _receipt(rehearsal, found).model_dump()
    headers = {name: _readable(value) for name, value in reply.headers.items()}
    return Respond(status=reply.status, body=_body(body), headers=headers, visit=reply.visit)


def _receipt(rehearsal: Rehearsal, found: Sequence[Finding]) -> Receipt:
    errors = [each for each in found if isinstance(each, RehearsalError)]
    bad = {each.path for each in errors}
    items = rehearsal.translation.items
    ignored = sum(isinstance(each, IgnoredItem) for each in found)
    if rehearsal.malformed:
        return Receipt(status="unreadable", received=0, events=0, ignored=0, refused=[])
    return Receipt(
        status="quarantined" if errors else "taken",
        received=len(items),
        events=len(items) - ignored - len(bad),
        ignored=ignored,
        refused=[each.message for each in errors],
    )


def _body(body: Mapping[str, Any] | str) -> dict[str, Any] | str:
    """As an object only if every reader of JSON can read it: some platforms have theirs echoed."""
    if isinstance(body, str):
        return _readable(body)
    try:
        return properties_within_limits(dict(body))
    except ValueError:
        return excerpt_of(body)


def _readable(text: str) -> str:
    """Without halves of characters, which no answer can carry."""
    return text.encode(errors="replace").decode()
