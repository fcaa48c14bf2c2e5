"""Previews: what a version would change for every partner, as of a day, before it is made active."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from app import store
from app.errors import FieldError, Invalid, NotFound
from app.scoring.arrays import Floats
from app.scoring.comparison import Comparison
from app.scoring.days import date_of, day_number
from app.scoring.explain import scores
from app.scoring.fade import scores_of
from app.scoring.fit import FitTable
from app.scoring.preview import Chunk, Compared
from app.scoring.replay import Closed, Replayed, replay, summary
from app.scoring.signal import signals_of
from app.scoring.tally import Adjustments, Tallies
from app.services.arithmetic import as_adjustments, as_tallies, numbered
from app.services.rescoring import counts_from_ledger
from app.services.rulebook import Rulebook, compiled_rubric, hold_rulebook, rulebook
from app.services.signal_counting import missing_signals, progress
from app.store.previews import Item, Key

PARTNERS_AT_ONCE = 2_000


class Preview(BaseModel):
    """What a version would change; all but the first fields are there once it is done."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "example": {
                "status": "done",
                "rubric_version": 2,
                "active_version": 1,
                "as_of": "2026-03-12",
                "started_at": "2026-03-12T15:00:00Z",
                "finished_at": "2026-03-12T15:00:01Z",
                "partners": 20000,
                "bands": [{"band": "hot", "before": 410, "after": 655}],
                "grades": [{"grade": "A", "before": 2000, "after": 2000}],
                "histogram": [{"from": 0, "to": 5, "before": 9000, "after": 8100}],
                "entering": {
                    "count": 261,
                    "items": [{"partner": "acme", "name": "Acme GmbH", "before": 8.0, "after": 26.5}],
                },
                "leaving": {"count": 0, "items": []},
                "movers": [],
                "outcomes": {"outcomes": [], "precision": {"before": None, "after": None}},
                "counted_from": None,
            }
        },
    )

    status: str = Field(description="running or done")
    rubric_version: int
    active_version: int | None
    as_of: date
    started_at: datetime
    finished_at: datetime | None
    progress: float | None = Field(None, description="While it runs: how much is counted, 0 to 1.")


class PreviewItem(BaseModel):
    """A partner that would pass the hand-off threshold."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"partner": "acme", "name": "Acme GmbH", "before": 8.0, "after": 26.5}}
    )

    partner: str
    name: str | None
    before: float
    after: float


@dataclass(frozen=True)
class Found:
    """What a preview comes to, and everybody who passes the threshold."""

    result: dict[str, Any]
    items: Sequence[Item]


def start_preview(
    connection: Connection, program: str, version: int, *, as_of: date | None, now: datetime
) -> Key:
    """Begin (anew) the preview of a version as of a day (today if None). Raises NotFound and Invalid."""
    rules = hold_rulebook(connection, program)
    compiled_rubric(connection, program, version)
    today = rules.day_of(now)
    key = Key(program, version, day_number(as_of) if as_of else today)
    if key.as_of > today:
        raise Invalid("The day is not over.", errors=[FieldError("as_of", "must not be after today")])
    store.previews.start(connection, key, now=now)
    return key


def get_preview(connection: Connection, program: str, version: int, *, as_of: date | None = None) -> Preview:
    """The preview as of a day, or the one begun last. Raises NotFound."""
    row = _row(connection, program, version, as_of)
    base = {"rubric_version": version, "as_of": date_of(row.as_of), "started_at": row.started_at}
    if row.state == "done":
        return Preview(status="done", finished_at=row.finished_at, **base, **row.result)
    missing = missing_signals(connection, program, version)
    return Preview(
        status="running",
        active_version=rulebook(connection, program).version,
        finished_at=None,
        progress=progress(connection, program, missing.values()),
        **base,
    )


def list_passing(
    connection: Connection,
    program: str,
    version: int,
    side: str,
    *,
    as_of: date | None,
    after: tuple[float, str] | None,
    limit: int,
) -> list[Item]:
    """Who would pass the threshold, `entering` or `leaving` the queue, best first. Raises NotFound."""
    row = _row(connection, program, version, as_of)
    return store.previews.page(connection, Key(program, version, row.as_of), side, after=after, limit=limit)


def compare(connection: Connection, key: Key, *, on_progress: Callable[[float], None] | None = None) -> Found:
    """Score everybody by the active version and by this one; the memory is that of some partners at a time.

    To run on a snapshot, when every signal of the version is counted.
    """
    live = rulebook(connection, key.program)
    rubric, prices = compiled_rubric(connection, key.program, key.version)
    candidate = replace(live, version=key.version, rubric=rubric, prices=prices, partial={})
    comparison = Comparison(live.rubric, rubric)
    items: list[Item] = []
    replayed: list[Replayed] = []
    total, done, after = store.partners.count(connection, key.program), 0, ""
    while profiles := store.partners.page_of_profiles(
        connection, key.program, after=after, limit=PARTNERS_AT_ONCE
    ):
        some = _Some.load(connection, live, candidate, profiles)
        passing = comparison.add(some.compared(live, candidate, key.as_of))
        items += _items("entering", passing.entering.items) + _items("leaving", passing.leaving.items)
        replayed += _replayed(connection, candidate, some, key.as_of)
        done, after = done + len(profiles), profiles[-1].id
        if on_progress is not None:
            on_progress(done / max(total, done))
    result = comparison.result().document()
    outcomes = summary(replayed).document()
    missing = {"counted_from": _counted_from(connection, candidate)}
    return Found({"active_version": live.version, **result, "outcomes": outcomes, **missing}, items)


def _counted_from(connection: Connection, candidate: Rulebook) -> str | None:
    """The day from which on every rule is counted, if events before it were pruned before one was."""
    keys = signals_of(candidate.rubric).keys()
    known_from = store.rubrics.counted_from(connection, candidate.program, keys)
    return None if known_from is None else date_of(candidate.day_of(known_from)).isoformat()


def save_preview(connection: Connection, key: Key, found: Found, *, now: datetime) -> None:
    """Keep what `compare` found with the version."""
    store.previews.finish(connection, key, found.result, found.items, now=now)


@dataclass(frozen=True)
class _Some:
    """Some partners that stand for themselves, with all that scores are made of under either rubric."""

    partners: Sequence[str]
    profiles: Sequence[Any]
    before: "_Facts"
    after: "_Facts"

    @classmethod
    def load(
        cls, connection: Connection, live: Rulebook, candidate: Rulebook, profiles: Sequence[Any]
    ) -> "_Some":
        partners = [each.id for each in profiles]
        before = _Facts.kept(connection, live.program, partners)
        # Where days begin at another time no tally is right; the candidate's are counted in passing.
        same = candidate.zone == live.zone
        after = before if same else _Facts.counted(connection, candidate, partners)
        return cls(partners, profiles, before, after)

    def compared(self, live: Rulebook, candidate: Rulebook, day: int) -> Chunk:
        before = self.before.scores(live, len(self.partners), day=day)
        after = self.after.scores(candidate, len(self.partners), day=day)
        tables = FitTable(live.rubric), FitTable(candidate.rubric)
        grades = [[table.fit_of(each.attributes).grade for each in self.profiles] for table in tables]
        names = [each.name for each in self.profiles]
        return Chunk(self.partners, names, before, after, grades_before=grades[0], grades_after=grades[1])


@dataclass(frozen=True)
class _Facts:
    """What some partners did, by the days of one time zone."""

    tallies: Tallies
    adjustments: Adjustments

    @classmethod
    def kept(cls, connection: Connection, program: str, partners: Sequence[str]) -> "_Facts":
        place = numbered(partners)
        return cls(
            store.tallies.arrays_of(connection, program, place),
            as_adjustments(store.tallies.adjustments_of(connection, program, partners), place),
        )

    @classmethod
    def counted(cls, connection: Connection, rules: Rulebook, partners: Sequence[str]) -> "_Facts":
        place, counts = numbered(partners), counts_from_ledger(connection, rules, partners)
        return cls(as_tallies(counts.tally_rows(), place), as_adjustments(counts.adjustment_rows(), place))

    def of(self, partner: int) -> "_Facts":
        return _Facts(self.tallies.of_partner(partner), self.adjustments.of_partner(partner))

    def scores(self, rules: Rulebook, partners: int, *, day: int) -> Floats:
        stored = scores(
            rules.rubric,
            rules.prices,
            self.tallies.until(day),
            adjustments=self.adjustments.until(day),
            landmark=day,
            today=day,
            partners=partners,
        )
        return np.asarray(scores_of(rules.rubric, stored, landmark=day, today=day))


def _replayed(connection: Connection, candidate: Rulebook, some: _Some, day: int) -> list[Replayed]:
    closed = defaultdict(list)
    for row in store.handoffs.closed_of_partners(connection, candidate.program, some.partners):
        opened, ended = candidate.day_of(row.crossed_at), candidate.day_of(row.closed_at)
        if ended <= day:
            closed[row.partner].append(Closed(opened, ended, row.outcome))
    table, place = FitTable(candidate.rubric), numbered(some.partners)
    found: list[Replayed] = []
    for partner, handoffs in closed.items():
        facts = some.after.of(place[partner])
        found += replay(
            candidate.rubric,
            candidate.prices,
            handoffs,
            tallies=facts.tallies,
            adjustments=facts.adjustments,
            grade=table.fit_of(some.profiles[place[partner]].attributes).grade,
            first=min([handoffs[0].opened_day, *facts.tallies.day.tolist()]),
            last=day,
        )
    return found


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


def _row(connection: Connection, program: str, version: int, as_of: date | None) -> Any:
    if as_of is None:
        row = store.previews.latest(connection, program, version)
    else:
        row = store.previews.get(connection, Key(program, version, day_number(as_of)))
    if row is None:
        raise NotFound(f"There is no preview of version {version}; POST to this path to make one.")
    return row
