"""What a request would come to, and why: for whoever sets up a source. Nothing is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from app.errors import Malformed
from app.sources.adapter import Adapter, Incoming, Introduction, Refused, Reply, Translation
from app.sources.attending import Fragment
from app.sources.event import NewEvent
from app.sources.mapping.adapter import MappingAdapter
from app.sources.mapping.translate import Mapped


@dataclass(frozen=True)
class Rehearsed:
    """An event, and for each field what in the mapping gave it; nothing for a native adapter."""

    event: NewEvent
    why: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Rehearsal:
    """All that a request would come to. `reply` is what the platform would hear.

    `verified` is None if there were no secrets to verify with. `malformed` says why the body cannot be read.
    `ignored` has, for each such item, what the mapping took for its type.
    """

    reply: Reply
    verified: bool | None
    is_handshake: bool = False
    malformed: str | None = None
    events: Sequence[Rehearsed] = ()
    refused: Sequence[Refused] = ()
    ignored: Sequence[Mapping[str, str]] = ()
    introductions: Sequence[Introduction] = ()
    fragments: Sequence[Fragment] = ()
    erasures: Sequence[str] = ()


def rehearse(
    adapter: Adapter,
    incoming: Incoming,
    settings: Mapping[str, Any],
    *,
    received_at: datetime,
    secrets: Sequence[str] = (),
) -> Rehearsal:
    """What the request would come to. `settings` must have passed `checked_settings`."""
    verified = adapter.verify(incoming, secrets, received_at=received_at) if secrets else None
    reply = adapter.handshake(incoming, secrets)
    if reply is not None:
        return Rehearsal(reply, verified, is_handshake=True)
    try:
        if isinstance(adapter, MappingAdapter):
            found = adapter.mapped(incoming, settings, received_at=received_at)
            return _explained(found, Rehearsal(adapter.taken, verified))
        translation = adapter.translate(incoming, settings, received_at=received_at)
        return _translated(translation, Rehearsal(adapter.taken, verified))
    except Malformed as error:
        return Rehearsal(adapter.unreadable, verified, malformed=error.detail)


def _explained(found: Sequence[Mapped | Refused], empty: Rehearsal) -> Rehearsal:
    mapped = [each for each in found if isinstance(each, Mapped)]
    return replace(
        empty,
        events=[Rehearsed(each.event, each.why) for each in mapped if each.event is not None],
        refused=[each for each in found if isinstance(each, Refused)],
        ignored=[each.why for each in mapped if each.event is None],
        introductions=[one for each in mapped for one in each.introductions],
    )


def _translated(translation: Translation, empty: Rehearsal) -> Rehearsal:
    return replace(
        empty,
        events=[Rehearsed(event) for event in translation.events],
        refused=translation.refused,
        ignored=[{}] * translation.ignored,
        introductions=translation.introductions,
        fragments=translation.fragments,
        erasures=translation.erasures,
    )
