"""What a request would come to, and why: for whoever sets up a source. Nothing is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.errors import Malformed
from app.sources.adapter import Adapter, Incoming, Reply, Translation
from app.sources.mapping.adapter import MappingAdapter
from app.sources.mapping.translate import Mapped

Why = Mapping[str, str]

POST = "POST"
NO_ANSWER = "Only POST brings events, and this platform asks nothing by any other method."
NOTHING = Translation(())


@dataclass(frozen=True)
class Rehearsal:
    """All that a request would come to. `reply` is what the platform would hear.

    `verified` is None if there was nothing to verify with. `malformed` says why the body cannot be read.
    `why` has, for each item, what in the mapping gave each field; nothing for a native adapter.
    """

    reply: Reply
    verified: bool | None
    is_handshake: bool = False
    malformed: str | None = None
    translation: Translation = NOTHING
    why: Sequence[Why] = ()


def rehearse(
    adapter: Adapter,
    incoming: Incoming,
    settings: Mapping[str, Any],
    *,
    received_at: datetime,
    secrets: Sequence[str] = (),
) -> Rehearsal:
    """What the request would come to. `settings` must have passed `checked_settings`."""
    verified = _verified(adapter, incoming, secrets, received_at)
    # What nobody vouches for gets no answer made with a secret, or anybody might have anything signed.
    reply = adapter.handshake(incoming, () if verified is False else secrets)
    if reply is not None:
        return Rehearsal(reply, verified, is_handshake=True)
    if incoming.method != POST:
        return Rehearsal(Reply(405, NO_ANSWER), verified, malformed=NO_ANSWER)
    try:
        translation, why = _translated(adapter, incoming, settings, received_at)
    except Malformed as error:
        return Rehearsal(adapter.unreadable, verified, malformed=error.detail)
    return Rehearsal(adapter.taken, verified, translation=translation, why=why)


def _verified(
    adapter: Adapter, incoming: Incoming, secrets: Sequence[str], received_at: datetime
) -> bool | None:
    if not secrets or incoming.method != POST:
        return None
    needed = adapter.needs(incoming)
    if needed is not None and needed not in incoming.fetched:
        return None
    return adapter.verify(incoming, secrets, received_at=received_at)


def _translated(
    adapter: Adapter, incoming: Incoming, settings: Mapping[str, Any], received_at: datetime
) -> tuple[Translation, Sequence[Why]]:
    if not isinstance(adapter, MappingAdapter):
        translation = adapter.translate(incoming, settings, received_at=received_at)
        return translation, [{}] * len(translation.items)
    found = adapter.mapped(incoming, settings, received_at=received_at)
    items = [each.understood() if isinstance(each, Mapped) else each for each in found]
    return Translation(items), [each.why if isinstance(each, Mapped) else {} for each in found]
