"""The funnel: of the partners that were first heard of in a period, how many got how far, and how fast.

What stays of a partner once it is counted is a cell for its age at each step, which it shares with all of its
segment that took as long. Only the segments that are shown have cells of their own; they are chosen first.
"""

from collections import Counter
from datetime import date, datetime
from functools import partial

from sqlalchemy import Connection

from app.scoring.funnel import Funnel
from app.scoring.outcomes import OUTCOMES
from app.services.cohort import cohort
from app.services.funnel_view import AT_DESK, FunnelView, Others, Segment, steps_of
from app.services.periods import period
from app.services.rulebook import Rulebook, rulebook
from app.services.segments import value_of

MOST_SEGMENTS = 50


def funnel(
    connection: Connection,
    program: str,
    *,
    first: date | None,
    last: date | None,
    by: str | None,
    now: datetime,
) -> FunnelView:
    """How far the partners got whose first human event was in the period. Raises Invalid.

    `by` is a dotted path into the partners' attributes, to tell segments apart.
    """
    rules = rulebook(connection, program)
    days, bands = period(rules, first, last, now=now), bands_on_the_way(rules)
    empty = partial(Funnel, 1 + len(bands) + len(AT_DESK), OUTCOMES)
    sizes = Counter(each.segment for each in cohort(connection, program, days, by=by)) if by else Counter()
    largest = sorted(sizes, key=lambda segment: (-sizes[segment], segment))[:MOST_SEGMENTS]
    whole, segments, other = empty(), {segment: empty() for segment in largest}, empty()
    for each in cohort(connection, program, days, by=by):
        in_bands = [each.in_band(rules.rubric.bands, rules.rubric.bands[band]) for band in bands]
        times, outcomes = [each.first_event, *in_bands, *each.at_desk()], each.outcomes()
        for part in (whole, segments.get(each.segment, other)):
            part.add(times, outcomes)
    rest = len(sizes) - len(segments)
    shown = [Segment(value=value_of(each), **steps_of(segments[each], bands)) for each in segments]
    return FunnelView(
        first=days.first,
        last=days.last,
        by=by,
        **steps_of(whole, bands),
        segments=None if by is None else shown,
        other=Others(segments=rest, **steps_of(other, bands)) if rest else None,
    )


def bands_on_the_way(rules: Rulebook) -> list[str]:
    """The bands above the one where partners begin, lowest first.

    Not those that begin beyond the threshold: to be in one is no step on the way to a call.
    """
    bands, terms = rules.rubric.bands, rules.rubric.handoff
    begin = bands.get(rules.newcomer.band or "", float("-inf"))
    end = float("inf") if terms is None else terms.at
    return sorted((band for band, low in bands.items() if begin < low <= end), key=lambda band: bands[band])
