"""What became of each item of a platform's request."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

from app.services.recording import Result
from app.sources.adapter import Refused, Translation, Understood

LONGEST_EXCERPT = 1_000

Item = Understood | Refused


@dataclass(frozen=True)
class Fate:
    """What became of one item, which is written as JSON; neither counted nor refused, it is ignored."""

    digest: str
    text: str
    is_counted: bool
    refusals: Sequence[str] = ()
    tells: bool = False
    """Whether people were learnt or forgotten by it."""

    @property
    def is_ignored(self) -> bool:
        """Whether it means nothing for a score."""
        return not (self.is_counted or self.refusals)


def told_apart(translation: Translation) -> dict[str, Item]:
    """The items by a digest of their content; one that stands there again is told by how often it did."""
    found: dict[str, Item] = {}
    times = Counter[str]()
    for each in translation.items:
        digest = _digest(_json(each.item))
        times[digest] += 1
        found[digest if times[digest] == 1 else f"{digest}.{times[digest]}"] = each
    return found


def fates_of(items: Mapping[str, Item], results: Sequence[Result]) -> list[Fate]:
    """The fate of each item, by its digest; `results` are those of all events, then of all fragments."""
    understood = [each for each in items.values() if isinstance(each, Understood)]
    events = sum(len(each.meaning.events) for each in understood)
    of_events, of_fragments = iter(results[:events]), iter(results[events:])
    return [_fate(digest, each, of_events, of_fragments) for digest, each in items.items()]


def _fate(digest: str, item: Item, of_events: Iterator[Result], of_fragments: Iterator[Result]) -> Fate:
    text = _json(item.item)
    if isinstance(item, Refused):
        return Fate(digest, text, is_counted=False, refusals=[item.reason])
    results = [
        *(next(of_events) for _ in item.meaning.events),
        *(next(of_fragments) for _ in item.meaning.fragments),
    ]
    refusals = [why for result in results for why in _why(result)]
    tells = bool(item.meaning.introductions or item.meaning.erasures)
    return Fate(digest, text, is_counted=bool(results) and not refusals, refusals=refusals, tells=tells)


def without_people(item: Item) -> Item:
    """The item, with nothing to be learnt from it and nobody to be forgotten."""
    if isinstance(item, Refused):
        return item
    return replace(item, meaning=replace(item.meaning, introductions=(), erasures=()))


def _why(result: Result) -> list[str]:
    return [f"{result.id}: {error.path} {error.message}" for error in result.errors]


def excerpt_of(item: object) -> str:
    """The item as people see it."""
    return _json(item)[:LONGEST_EXCERPT]


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=8).hexdigest()


def _json(item: object) -> str:
    """In ASCII, so that whatever came can be stored."""
    try:
        return json.dumps(item, sort_keys=True, default=str)
    except (RecursionError, TypeError):
        return json.dumps(f"({type(item).__name__} that cannot be written down)")
