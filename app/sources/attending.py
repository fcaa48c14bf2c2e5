"""Who came and who went, told in separate requests, becomes the minutes that a person attended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from app.sources.agreeing import agreed
from app.sources.event import NewEvent, canonical
from app.sources.names import short_hash

Span = tuple[datetime, datetime]

LONGEST_KEY = 200
"""With the time, the minutes and a hash of the facts behind it, it must still be an event's id."""


@dataclass(frozen=True)
class Fragment:
    """A part of an attendance; the same one twice is harmless, also if it is told with other facts.

    `key`, not over LONGEST_KEY, is one person at one occasion, also after coming back; `session` what the
    platform calls this stay. `facts` are the fields of the event: type, contact, partner, properties.
    """

    key: str
    part: Literal["joined", "left"]
    at: datetime
    session: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


def attendance(fragments: Sequence[Fragment]) -> NewEvent:
    """The one event that all fragments of a key, at least one, come to at present.

    It replaces the event that fewer fragments of the key came to: `minutes` grow with each stay that ends.
    Its id names all that may change in it, facts too, so the order in which the fragments arrived does not
    matter.
    """
    ordered = sorted(fragments, key=lambda each: (each.at, each.part, each.session))
    stays = _stays(ordered)
    minutes = sum((until - since for since, until in _merged(stays)), timedelta()) // timedelta(minutes=1)
    first, facts = ordered[0], agreed([each.facts for each in ordered])
    told = short_hash(canonical((facts, first.at.timestamp())).decode())[:12]
    facts["properties"] |= {"minutes": minutes} if stays else {}
    return NewEvent(
        id=f"{first.key}|{first.at:%Y%m%dT%H%M%S}|{minutes if stays else ''}|{told}",
        occurred_at=first.at,
        **facts,
    )


def _stays(ordered: Sequence[Fragment]) -> list[Span]:
    """Each leaving with the latest coming before it: of the same session if there is one."""
    waiting: list[Fragment] = []
    stays = []
    for fragment in ordered:
        if fragment.part == "joined":
            waiting.append(fragment)
        elif waiting:
            came = next((one for one in reversed(waiting) if one.session == fragment.session), waiting[-1])
            waiting.remove(came)
            stays.append((came.at, fragment.at))
    return stays


def _merged(stays: Sequence[Span]) -> list[Span]:
    """Two devices at once are still one person: stays that overlap become one."""
    merged: list[Span] = []
    for since, until in sorted(stays):
        if merged and since <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], until))
        else:
            merged.append((since, until))
    return merged
