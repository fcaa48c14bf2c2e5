"""The calls in a request: one by its path or type, or a batch of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.errors import Malformed
from app.sources.adapter import Incoming
from app.sources.moments import any_iso
from app.sources.reading import inflated, json_object

MOST_BYTES = 500 * 1024

# The browser library's short paths; Jitsu's `/api/s/s2s/track` and Segment's `/v1/track` end alike.
SHORT = {"t": "track", "p": "page", "s": "screen", "i": "identify", "g": "group", "a": "alias", "b": "batch"}
SINGLE = frozenset({"track", "page", "screen", "identify", "group", "alias"})
BATCH = frozenset({"batch", "import"})


@dataclass(frozen=True)
class Calls:
    """The items of a request, each with its `type` if it has one, and when the sender's clock sent them."""

    items: list[object]
    sent_at: datetime | None


def plain_body(incoming: Incoming) -> bytes:
    """The body without its gzip. Raises Malformed, also if it is too large."""
    return inflated(incoming.body, incoming.headers.get("content-encoding", ""), most=MOST_BYTES)


def calls_of(incoming: Incoming) -> Calls:
    """What the request asks for. Raises Malformed."""
    document = json_object(plain_body(incoming))
    name = _named(incoming.path)
    sent_at = _sent_at(document.get("sentAt"))
    if isinstance(document.get("batch"), list):
        return Calls(document["batch"], sent_at)
    if name in BATCH:
        raise Malformed("A batch has its calls in the array `batch`.")
    return Calls([_typed(document, name)], sent_at)


def _named(path: str) -> str:
    last = path.rstrip("/").rpartition("/")[2]
    return SHORT.get(last, last)


def _typed(item: dict[str, Any], name: str) -> dict[str, Any]:
    """A call that says its type by its path alone, as the one for each method may."""
    return item if item.get("type") or name not in SINGLE else {**item, "type": name}


def _sent_at(value: object) -> datetime | None:
    """A sender's clock may be years off, which is what it is asked for; nonsense says nothing."""
    try:
        return any_iso(value, name="sentAt")
    except ValueError:
        return None
