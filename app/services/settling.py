"""Fading, settled once a day: bands partners have faded out of, windows that moved on, the landmark."""

from collections.abc import Iterator
from datetime import datetime
from typing import assert_never

from sqlalchemy import Connection

from app import store
from app.scoring.fade import ROUNDING, stored_for
from app.scoring.rubric import HalfLife, Rubric, Window
from app.services.rescoring import rescore
from app.services.rulebook import Rulebook, hold_rulebook, new_stamp, rulebook
from app.store.standings import BandRange

PARTNERS_AT_ONCE = 500
# 2 ** 256 is far from what a float cannot hold, and is reached after years only.
HALF_LIVES_TO_A_LANDMARK = 256


def settle(connection: Connection, program: str, *, after: str, now: datetime) -> str | None:
    """Bring some of a program's standings to today: those of the next partners after `after`, in id order.

    The partner to go on after; None when today is settled.
    """
    rules = hold_rulebook(connection, program)
    today = rules.day_of(now)
    if rules.version is None or rules.settled_day == today:
        return None
    behind = _behind(connection, rules, today=today, after=after)
    rescore(connection, rules, behind, now=now)
    if len(behind) == PARTNERS_AT_ONCE:
        return behind[-1]
    store.programs.settled(connection, program, day=today)
    # Others remember the day before: harmless, but they would look for it here again and again.
    store.programs.set_stamp(connection, program, new_stamp())
    return None


def move_landmark(connection: Connection, program: str, *, now: datetime) -> None:
    """Keep stored scores in a float's range; a no-op but once in years."""
    # Looked at first without holding anything: whoever holds the program alone stops all who count.
    if not _must_move(rulebook(connection, program), now=now):
        return
    rules = hold_rulebook(connection, program, alone=True)
    today, fade = rules.day_of(now), rules.rubric.fade
    if isinstance(fade, HalfLife) and _must_move(rules, now=now):
        store.standings.multiply(connection, program, 2 ** ((rules.landmark - today) / fade.half_life_days))
        store.programs.set_landmark(connection, program, today)
        store.programs.take_queue_positions(connection, program, 1)


def _must_move(rules: Rulebook, *, now: datetime) -> bool:
    fade = rules.rubric.fade
    if not isinstance(fade, HalfLife):
        return False
    return rules.day_of(now) - rules.landmark > HALF_LIVES_TO_A_LANDMARK * fade.half_life_days


def stored_range(rules: Rulebook, band: str, *, today: int) -> BandRange | None:
    """The stored scores that are in `band` today; None if the rubric has no such band."""
    return next((_range(rules, *each, today=today) for each in _bands(rules.rubric) if each[0] == band), None)


def _behind(connection: Connection, rules: Rulebook, *, today: int, after: str) -> list[str]:
    """Partners, by id, whose standing is no longer what it is noted as: faded, or due to be armed again."""
    waited = store.standings.due_to_rearm(
        connection, rules.program, today, after=after, limit=PARTNERS_AT_ONCE
    )
    return sorted({*waited, *_faded(connection, rules, today=today, after=after)})[:PARTNERS_AT_ONCE]


def _faded(connection: Connection, rules: Rulebook, *, today: int, after: str) -> list[str]:
    match rules.rubric.fade:
        case None:
            return []
        case HalfLife():
            ranges = [_range(rules, *each, today=today) for each in _bands(rules.rubric)]
            return store.standings.out_of_band(
                connection, rules.program, ranges, after=after, limit=PARTNERS_AT_ONCE
            )
        case Window(window_days=days):
            settled = today if rules.settled_day is None else rules.settled_day
            return store.tallies.partners_with_day(
                connection,
                rules.program,
                first=settled - days + 1,
                last=today - days,
                after=after,
                limit=PARTNERS_AT_ONCE,
            )
        case unknown:
            assert_never(unknown)


def _bands(rubric: Rubric) -> Iterator[tuple[str | None, float | None, float | None]]:
    """Each band with the scores it goes from and to, before the floor lifts them; None is below all bands."""
    levels = sorted((level, name) for name, level in rubric.bands.items())
    floor = float("-inf") if rubric.floor is None else rubric.floor
    names = [None, *(name for _, name in levels)]
    lows = [None, *(level if level > floor else None for level, _ in levels)]
    # A band that ends at or under the floor is one that nobody can be in.
    highs = [*(level if level > floor else float("-inf") for level, _ in levels), None]
    yield from zip(names, lows, highs, strict=True)


def _range(
    rules: Rulebook, band: str | None, low: float | None, high: float | None, *, today: int
) -> BandRange:
    def stored(score: float | None) -> float | None:
        if score is None:
            return None
        return stored_for(rules.rubric, score - ROUNDING, landmark=rules.landmark, today=today)

    return BandRange(band, stored(low), stored(high))
