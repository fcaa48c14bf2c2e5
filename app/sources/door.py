"""What is found out about a request before it is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.sources.adapter import Adapter, Incoming, Reply


@dataclass(frozen=True)
class Sight:
    """What a request is: unverified; a handshake, with the `reply` to it; or for keeping.

    `needs` is an address whose content has to be fetched before any of that can be said.
    """

    is_verified: bool = False
    reply: Reply | None = None
    needs: str | None = None


def looked_at(
    incoming: Incoming, adapter: Adapter, secrets: Sequence[str], *, received_at: datetime
) -> Sight:
    """What the request is. It reads the body, which may take a while: not for an event loop."""
    address = adapter.needs(incoming)
    if address is not None and address not in incoming.fetched:
        return Sight(needs=address)
    if not adapter.verify(incoming, secrets, received_at=received_at):
        return Sight()
    return Sight(is_verified=True, reply=adapter.handshake(incoming, secrets))
