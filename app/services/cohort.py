"""A cohort: the partners that were first heard of in a period, and what has become of each since."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from app import store
from app.services.periods import Period
from app.services.pruned import first_human
from app.services.segments import EVERYBODY, segment_of

PARTNERS_AT_ONCE = 1_000


@dataclass(frozen=True)
class Heard:
    """A partner of the cohort, as one with all that was merged into it."""

    first_event: datetime
    entries: Sequence[Any]
    handoffs: Sequence[Any]
    segment: str

    def in_band(self, bands: Mapping[str, float], low: float) -> datetime | None:
        """When it first came into the band that begins at `low`, or into a higher one."""
        return _first(each.entered_at for each in self.entries if bands.get(each.band, float("-inf")) >= low)

    def at_desk(self) -> list[datetime | None]:
        """When a hand-off of its first was crossed, opened, claimed and closed."""
        steps = ("crossed_at", "opened_at", "claimed_at", "closed_at")
        return [_first(getattr(each, step) for each in self.handoffs) for step in steps]

    def outcomes(self) -> dict[str, datetime]:
        """When a hand-off of its first ended so, for each outcome that it had."""
        ended = {each.outcome for each in self.handoffs} - {None}
        return {
            outcome: min(each.closed_at for each in self.handoffs if each.outcome == outcome)
            for outcome in ended
        }


def cohort(connection: Connection, program: str, period: Period, *, by: str | None) -> Iterator[Heard]:
    """Every partner whose first human event was in the period, read by the thousand.

    `by` is the attribute whose value is the segment; everybody is in one without it.
    """
    after = ""
    while ids := store.partners.page_of_ids(connection, program, after=after, limit=PARTNERS_AT_ONCE):
        after = ids[-1]
        # Who was merged into another is found there, not here.
        roots = store.partners.members(connection, program, ids)
        first = first_human(connection, program, roots)
        new = {root: at for root, at in first.items() if period.start <= at < period.end}
        if new:
            yield from _heard(connection, program, new, roots, by=by)


def _heard(
    connection: Connection,
    program: str,
    new: Mapping[str, datetime],
    roots: Mapping[str, str],
    *,
    by: str | None,
) -> Iterator[Heard]:
    members = [identity for identity, root in roots.items() if root in new]
    entries = _by_root(store.band_entries.of_partners(connection, program, members), roots)
    handoffs = _by_root(store.insights.handoffs_of(connection, program, members), roots)
    segments = _segments(connection, program, list(new), by)
    for root, at in new.items():
        yield Heard(at, entries[root], handoffs[root], segments[root])


def _by_root(rows: Iterable[Any], roots: Mapping[str, str]) -> defaultdict[str, list[Any]]:
    found = defaultdict(list)
    for row in rows:
        found[roots[row.partner]].append(row)
    return found


def _segments(
    connection: Connection, program: str, partners: Sequence[str], by: str | None
) -> dict[str, str]:
    if by is None:
        return dict.fromkeys(partners, EVERYBODY)
    known = store.partners.get_many(connection, program, partners)
    return {each: segment_of(known[each].attributes, by) for each in partners}


def _first(times: Iterable[datetime | None]) -> datetime | None:
    return min((at for at in times if at is not None), default=None)
