"""What a program scores by at this moment: its active rubric, compiled, and the signals it tallies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import Connection
from ulid import ULID

from app import store
from app.errors import NotFound
from app.scoring.days import day_of
from app.scoring.fade import score_of, scores_of
from app.scoring.fit import FitTable, band_of, fit_of, grade_rank
from app.scoring.price import PriceList
from app.scoring.reading import read_rubric
from app.scoring.rubric import Rubric
from app.scoring.signal import Signal, SignalSet
from app.store.standings import Standing, fresh

# All are keyed by content or by a stamp, so nothing in them can be out of date; the bound is only for memory.
_CACHED = 256
_rulebooks: dict[str, "Rulebook"] = {}
_rubrics: dict[str, tuple[Rubric, PriceList]] = {}
_signal_sets: dict[frozenset[int], SignalSet] = {}

# Stands in until the first activation: it has no rules, which a stored rubric must have.
_NO_RUBRIC = Rubric.model_construct(name="No rubric is active", rules=())


@dataclass(frozen=True)
class Rulebook:
    """How one program scores; `version` is None while no rubric was ever activated.

    `partial` has, for signals that are being counted, the last partner that is done; `building` the version
    whose scores are being built beside the live ones, weighted to `build_day`. Events before `kept_from` are
    pruned; None: nothing ever was. `stamp` names what the program counts by, its people included; None while
    that may be changing.
    """

    program: str
    version: int | None
    rubric: Rubric
    prices: PriceList
    signals: SignalSet
    landmark: int
    settled_day: int | None
    partial: Mapping[int, str] = field(default_factory=dict)
    building: int | None = None
    build_day: int | None = None
    kept_from: datetime | None = None
    stamp: str | None = None
    internal_contacts: frozenset[str] = frozenset()

    def keeps(self, signal: int, partner: str) -> bool:
        """Whether the signal has tallies of the partner; while it is being counted, only the first have."""
        return signal not in self.partial or partner <= self.partial[signal]

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which this program's days begin and end."""
        return self.rubric.zone

    def day_of(self, instant: datetime) -> int:
        """The day number of an instant."""
        return day_of(instant, self.zone)

    def score_now(self, stored: float, *, now: datetime) -> float:
        """The score that a standing's stored one shows at an instant."""
        return score_of(self.rubric, stored, landmark=self.landmark, today=self.day_of(now))

    def scores_now(self, stored: Sequence[float], *, now: datetime) -> list[float]:
        """The scores that many stored ones show at an instant; as many single ones would take far longer."""
        scores = scores_of(self.rubric, np.array(stored), landmark=self.landmark, today=self.day_of(now))
        return [float(each) for each in scores]

    @cached_property
    def fits(self) -> FitTable:
        """The fit rules, compiled."""
        return FitTable(self.rubric)

    @cached_property
    def newcomer(self) -> Standing:
        """The standing of a partner of whom nothing is known, to be given its id."""
        fit = fit_of(self.rubric, {})
        score = score_of(self.rubric, 0.0, landmark=self.landmark, today=self.landmark)
        return fresh(
            "",
            band=band_of(self.rubric, score),
            fit=fit.points,
            grade=fit.grade,
            grade_rank=grade_rank(self.rubric, fit.grade),
        )


def rulebook(connection: Connection, program: str) -> Rulebook:
    """The program's rulebook, to read by. Raises NotFound."""
    return _compiled(connection, program, store.programs.setup(connection, program))


QueueVersion = tuple[int, int]
"""How often a program's queue has changed, and the day: scores fade."""


def queue_version(connection: Connection, program: str, *, now: datetime) -> QueueVersion:
    """While this is the same, so are all lists of the program's hand-offs; one read. Raises NotFound."""
    setup = _known(store.programs.setup(connection, program), program)
    rubric, _ = _rubric_of(connection, setup)
    return setup.queue, day_of(now, rubric.zone)


def hold_rulebook(connection: Connection, program: str, *, alone: bool = False) -> Rulebook:
    """The program's rulebook, which no activation changes until the transaction ends; `alone` for one.

    Whoever is alone may change anything that events are counted by, so what others remember ends here.
    """
    store.programs.hold(connection, program, alone=alone)
    if alone:
        store.programs.set_stamp(connection, program, new_stamp())
        return replace(rulebook(connection, program), stamp=None)
    return known_rulebook(connection, program)


def known_rulebook(connection: Connection, program: str) -> Rulebook:
    """The program's rulebook, read in full only if its stamp is new here. Raises NotFound.

    For whoever sees one state of the program throughout: on a snapshot, or while holding it.
    """
    stamp = store.programs.stamp(connection, program)
    known = _rulebooks.get(stamp) if stamp else None
    if known is None:
        known = rulebook(connection, program)
        if known.stamp:
            _remember(_rulebooks, known.stamp, known)
    return known


def new_stamp() -> str:
    """Something that no state of a program was ever known by."""
    return str(ULID())


def compiled_rubric(connection: Connection, program: str, version: int) -> tuple[Rubric, PriceList]:
    """A stored version. Raises NotFound."""
    row = store.rubrics.get(connection, program, version)
    if row is None:
        raise NotFound(f"There is no rubric version {version} in this program.")
    return _compile(row.digest, row.document)


def _compiled(connection: Connection, program: str, setup: Any) -> Rulebook:
    setup = _known(setup, program)
    rubric, prices = _rubric_of(connection, setup)
    tallied = store.rubrics.tallied_signals(connection, program)
    return Rulebook(
        program=program,
        version=setup.active_rubric,
        rubric=rubric,
        prices=prices,
        signals=_signals(connection, program, frozenset(tallied)),
        landmark=setup.landmark or 0,
        settled_day=setup.settled_day,
        partial={key: upto for key, upto in tallied.items() if upto is not None},
        building=setup.building,
        build_day=setup.build_day,
        kept_from=setup.kept_from,
        stamp=setup.stamp or None,
        internal_contacts=frozenset(setup.internal_contacts),
    )


def _known(setup: Any, program: str) -> Any:
    if setup is None:
        raise NotFound(f"There is no program {program!r}.")
    return setup


def _rubric_of(connection: Connection, setup: Any) -> tuple[Rubric, PriceList]:
    if setup.active_rubric is None:
        return _compile("", {})
    known = _rubrics.get(setup.rubric_digest)
    return known or compiled_rubric(connection, setup.id, setup.active_rubric)


def _compile(digest: str, document: Mapping[str, Any]) -> tuple[Rubric, PriceList]:
    known = _rubrics.get(digest)
    if known is None:
        rubric = read_rubric(document) if document else _NO_RUBRIC
        known = rubric, PriceList(rubric)
        _remember(_rubrics, digest, known)
    return known


def _signals(connection: Connection, program: str, keys: frozenset[int]) -> SignalSet:
    known = _signal_sets.get(keys)
    if known is None:
        documents = store.rubrics.signal_documents(connection, program, keys)
        known = SignalSet({key: Signal.from_document(document) for key, document in documents.items()})
        # Whoever holds nothing may miss one that is just being dropped.
        if documents.keys() == keys:
            _remember(_signal_sets, keys, known)
    return known


def _remember(cache: dict[Any, Any], key: object, value: object) -> None:
    if len(cache) >= _CACHED:
        cache.clear()
    cache[key] = value
