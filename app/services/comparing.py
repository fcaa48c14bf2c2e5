"""Comparing a version with the active one for every partner: what a preview finds."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Self, TypeVar

import numpy as np
from pydantic_core import from_json
from sqlalchemy import Connection

from app import store
from app.scoring.arrays import Floats
from app.scoring.comparison import Comparison
from app.scoring.days import date_of
from app.scoring.explain import scores
from app.scoring.fade import scores_of
from app.scoring.fit import FitTable
from app.scoring.preview import Chunk, Compared
from app.scoring.replay import Closed, Replayed, replay, summary
from app.scoring.signal import signals_of
from app.scoring.tally import Adjustments, Tallies
from app.services.arithmetic import as_adjustments, as_tallies, numbered
from app.services.rescoring import counts_from_ledger
from app.services.rulebook import Rulebook, compiled_rubric, rulebook
from app.store.previews import Item, Key
from app.store.tallies import PackedTallies

PARTNERS_AT_ONCE = 2_000

T = TypeVar("T")


@dataclass(frozen=True)
class Found:
    """What a preview comes to, and everybody who passes the threshold."""

    result: dict[str, Any]
    items: Sequence[Item]


def compare(connection: Connection, key: Key, *, on_progress: Callable[[float], None] | None = None) -> Found:
    """Score everybody by the active version and by this one; the memory is that of some partners at a time.

    To run on a snapshot, when every signal of the version is counted.
    """
    live = rulebook(connection, key.program)
    rubric, prices = compiled_rubric(connection, key.program, key.version)
    candidate = replace(live, version=key.version, rubric=rubric, prices=prices, partial={})
    scoring = _Scoring(live, candidate, key.as_of)
    beside(scoring.add, _everybody(connection, live, candidate, on_progress=on_progress))
    return scoring.found(counted_from=_counted_from(connection, candidate))


def beside(work: Callable[[T], None], things: Iterable[T]) -> None:
    """Do `work` with one thing after the other in a thread, while the next one is got here."""
    with ThreadPoolExecutor(1, "beside") as thread:
        last: Future[None] = thread.submit(lambda: None)
        for each in things:
            last.result()
            last = thread.submit(work, each)
        last.result()


@dataclass(frozen=True)
class _Read:
    """Some partners that stand for themselves, with all that the database has to say about them."""

    profiles: Sequence[Any]
    tallies: PackedTallies
    adjustments: Adjustments
    closed: Mapping[str, Sequence[Any]]
    recounted: "_Facts | None"
    """What they did by the candidate's days, where these begin at another time than the live ones."""

    @classmethod
    def of(cls, connection: Connection, live: Rulebook, candidate: Rulebook, profiles: Sequence[Any]) -> Self:
        partners = [each.id for each in profiles]
        closed = defaultdict(list)
        for row in store.handoffs.closed_of_partners(connection, live.program, partners):
            closed[row.partner].append(row)
        adjusted = store.tallies.adjustments_of(connection, live.program, partners)
        return cls(
            profiles,
            store.tallies.packed_of(connection, live.program, partners),
            as_adjustments(adjusted, numbered(partners)),
            closed,
            None if candidate.zone == live.zone else _Facts.counted(connection, candidate, partners),
        )


def _everybody(
    connection: Connection,
    live: Rulebook,
    candidate: Rulebook,
    *,
    on_progress: Callable[[float], None] | None,
) -> Iterator[_Read]:
    """All partners, some at a time, by id."""
    total, done, after = store.partners.count(connection, live.program), 0, ""
    while profiles := store.partners.page_of_profiles(
        connection, live.program, after=after, limit=PARTNERS_AT_ONCE
    ):
        yield _Read.of(connection, live, candidate, profiles)
        done, after = done + len(profiles), profiles[-1].id
        if on_progress is not None:
            on_progress(done / max(total, done))


@dataclass(frozen=True)
class _Facts:
    """What some partners did, by the days of one time zone."""

    tallies: Tallies
    adjustments: Adjustments

    @classmethod
    def counted(cls, connection: Connection, rules: Rulebook, partners: Sequence[str]) -> Self:
        place, counts = numbered(partners), counts_from_ledger(connection, rules, partners)
        return cls(as_tallies(counts.tally_rows(), place), as_adjustments(counts.adjustment_rows(), place))

    def until(self, day: int) -> "_Facts":
        return _Facts(self.tallies.until(day), self.adjustments.until(day))

    def of(self, partner: int) -> "_Facts":
        return _Facts(self.tallies.of_partner(partner), self.adjustments.of_partner(partner))

    def scores(self, rules: Rulebook, partners: int, *, day: int) -> Floats:
        stored = scores(
            rules.rubric,
            rules.prices,
            self.tallies,
            adjustments=self.adjustments,
            landmark=day,
            today=day,
            partners=partners,
        )
        return np.asarray(scores_of(rules.rubric, stored, landmark=day, today=day))


@dataclass
class _Scoring:
    """Takes what was read, some partners after the others, and adds up what changes; needs no connection."""

    live: Rulebook
    candidate: Rulebook
    day: int
    items: list[Item] = field(default_factory=list)
    replayed: list[Replayed] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._comparison = Comparison(self.live.rubric, self.candidate.rubric)
        self._fits = FitTable(self.live.rubric), FitTable(self.candidate.rubric)

    def add(self, read: _Read) -> None:
        """Score these partners under both versions."""
        place = numbered([each.id for each in read.profiles])
        before = _Facts(read.tallies.arrays(), read.adjustments).until(self.day)
        after = before if read.recounted is None else read.recounted.until(self.day)
        grades = self._grades([each.attributes for each in read.profiles])
        passing = self._comparison.add(
            Chunk(
                list(place),
                [each.name for each in read.profiles],
                before.scores(self.live, len(place), day=self.day),
                after.scores(self.candidate, len(place), day=self.day),
                *grades,
            )
        )
        self.items += _items("entering", passing.entering.items) + _items("leaving", passing.leaving.items)
        for partner, handoffs in read.closed.items():
            row = place[partner]
            self.replayed += self._replay(handoffs, after.of(row), grade=grades[1][row])

    def found(self, *, counted_from: str | None) -> Found:
        """All of it."""
        result = {
            "active_version": self.live.version,
            **self._comparison.result().document(),
            "outcomes": summary(self.replayed).document(),
            "counted_from": counted_from,
        }
        return Found(result, self.items)

    def _grades(self, attributes: Sequence[str]) -> tuple[list[str | None], list[str | None]]:
        """Everybody's grade under either version; attributes that many have are looked at once."""
        known = {text: from_json(text) for text in set(attributes)}
        of_text = [{text: fits.fit_of(each).grade for text, each in known.items()} for fits in self._fits]
        before, after = ([grades[text] for text in attributes] for grades in of_text)
        return before, after

    def _replay(self, handoffs: Sequence[Any], facts: _Facts, *, grade: str | None) -> list[Replayed]:
        """One partner's closed hand-offs, and when each would have been opened by the candidate."""
        day_of = self.candidate.day_of
        days = [Closed(day_of(row.crossed_at), day_of(row.closed_at), row.outcome) for row in handoffs]
        closed = [each for each in days if each.closed_day <= self.day]
        if not closed:
            return []
        return replay(
            self.candidate.rubric,
            self.candidate.prices,
            closed,
            tallies=facts.tallies,
            adjustments=facts.adjustments,
            grade=grade,
            first=min([closed[0].opened_day, *facts.tallies.day.tolist()]),
            last=self.day,
        )


def _items(side: str, passing: Sequence[Compared]) -> list[Item]:
    return [
        Item(
            side,
            each.partner,
            each.name,
            each.before,
            each.after,
            each.after if side == "entering" else each.before,
        )
        for each in passing
    ]


def _counted_from(connection: Connection, candidate: Rulebook) -> str | None:
    """The day from which on every rule is counted, if events before it were pruned before one was."""
    keys = signals_of(candidate.rubric).keys()
    known_from = store.rubrics.counted_from(connection, candidate.program, keys)
    return None if known_from is None else date_of(candidate.day_of(known_from)).isoformat()
