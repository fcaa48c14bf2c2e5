"""What became of each item of a platform's request."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from app.services.recording import Result
from app.sources.adapter import Refused, Translation, Understood

LONGEST_EXCERPT = 1_000


@dataclass(frozen=True)
class RefusedItem:
    """An item that became no event, as JSON or the beginning of it."""

    reason: str
    item: str


@dataclass(frozen=True)
class Fate:
    """What became of one item; neither counted nor refused, it is ignored."""

    digest: str
    excerpt: str
    is_counted: bool
    refusals: Sequence[str] = ()

    @property
    def is_ignored(self) -> bool:
        """Whether it means nothing for a score."""
        return not (self.is_counted or self.refusals)


def fates_of(translation: Translation, results: Iterator[Result]) -> list[Fate]:
    """The fate of each item, in their order; `results` are those of all their events, in the same order."""
    return [_fate(each, results) for each in translation.items]


def _fate(item: Understood | Refused, results: Iterator[Result]) -> Fate:
    text = _json(item.item)
    if isinstance(item, Refused):
        return Fate(_digest(text), text[:LONGEST_EXCERPT], is_counted=False, refusals=[item.reason])
    refusals = [why for _ in item.meaning.events for why in _why(next(results))]
    is_counted = bool(item.meaning.events or item.meaning.fragments) and not refusals
    return Fate(_digest(text), text[:LONGEST_EXCERPT], is_counted, refusals)


def _why(result: Result) -> list[str]:
    return [f"{result.id}: {error.path} {error.message}" for error in result.errors]


def excerpt_of(item: object) -> str:
    """The item as people see it."""
    return _json(item)[:LONGEST_EXCERPT]


def digest_of(item: object) -> str:
    """Tells items apart by their content."""
    return _digest(_json(item))


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=8).hexdigest()


def _json(item: object) -> str:
    """In ASCII, so that whatever came can be stored."""
    try:
        return json.dumps(item, sort_keys=True, default=str)
    except (RecursionError, TypeError):
        return json.dumps(f"({type(item).__name__} that cannot be written down)")
