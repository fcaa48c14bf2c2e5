"""What tallies are worth under a rubric: the one place where points come from."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from app.scoring.arrays import Ints, changes, first_come, ints, packed
from app.scoring.days import Per, period_of, period_span
from app.scoring.rubric import Rubric
from app.scoring.signal import signal_of
from app.scoring.tally import DayPoints, Tallies

_NO_LIMIT = np.iinfo(np.int64).max


def millipoints_of(points: float) -> int:
    """Points, which have at most 3 decimals, as a whole number of thousandths."""
    return round(points * 1000)


@dataclass(frozen=True, eq=False)
class Grants:
    """Per partner, rule (its place in the rubric) and day: what happened, what counted, what it earned."""

    partner: Ints
    rule: Ints
    day: Ints
    occurrences: Ints
    counted: Ints
    millipoints: Ints

    def by_day(self) -> DayPoints:
        """The points alone; a partner and day come once for each rule."""
        return DayPoints(self.partner, self.day, self.millipoints)


@dataclass(frozen=True)
class _Cap:
    limit: int
    per: Per


@dataclass(frozen=True)
class _Priced:
    """A rule as pricing sees it; it has a group only if its points can be cut by the group's cap."""

    signal: int
    millipoints: int
    cap: _Cap | None
    group: str | None

    def reach(self, first: int, last: int) -> tuple[int, int]:
        """The days whose tallies decide what the rule counts on these days."""
        return period_span(first, last, self.cap.per) if self.cap else (first, last)


class PriceList:
    """A rubric compiled for pricing; immutable."""

    def __init__(self, rubric: Rubric) -> None:
        caps = {name: group.at_most for name, group in rubric.groups.items()}
        self._groups = {name: _Cap(millipoints_of(cap.points), cap.per) for name, cap in caps.items()}
        self._rules = [
            _Priced(
                signal=signal_of(rule).key,
                millipoints=millipoints_of(rule.points),
                cap=_Cap(rule.at_most.times, rule.at_most.per) if rule.at_most else None,
                group=rule.group if rule.points > 0 else None,
            )
            for rule in rubric.rules
        ]
        self._index_signals()
        self._rule_points = ints([rule.millipoints for rule in self._rules])
        self._times = _Limits([rule.cap for rule in self._rules])
        names = list(self._groups)
        self._group_of = ints([names.index(rule.group) if rule.group else -1 for rule in self._rules])
        self._points = _Limits(list(self._groups.values()))

    def _index_signals(self) -> None:
        self._by_signal: dict[int, list[int]] = {}
        for position, rule in enumerate(self._rules):
            self._by_signal.setdefault(rule.signal, []).append(position)
        self._signals = ints(sorted(self._by_signal))
        served = [self._by_signal[signal] for signal in sorted(self._by_signal)]
        self._fan = ints([len(rules) for rules in served])
        self._fan_start = np.cumsum(self._fan) - self._fan
        self._fan_rules = ints([rule for rules in served for rule in rules])

    def price(self, tallies: Tallies) -> Grants:
        """What each rule earned each partner each day; a tally of no rule earns nothing.

        Sorted by partner, rule and day. Exact where the tallies hold whole periods of every cap involved.
        """
        nothing = ints([])
        row, rule = self._rules_of(tallies.signal) if self._rules else (nothing, nothing)
        if not len(row):
            return Grants(nothing, nothing, nothing, nothing, nothing, nothing)
        partner, day, count = tallies.partner[row], tallies.day[row], tallies.count[row]
        order = np.argsort(packed(partner * len(self._rules) + rule, day))
        partner, rule, day, count = partner[order], rule[order], day[order], count[order]
        counted = count
        if self._times.some:
            fresh = changes(partner, rule, self._times.period_of(rule, day))
            counted = first_come(count, self._times.limit[rule], fresh)
        earned = counted * self._rule_points[rule]
        if self._points.some:
            self._cut_by_groups(earned, partner, rule=rule, day=day)
        return Grants(partner, rule, day, count, counted, earned)

    def _rules_of(self, signal: Ints) -> tuple[Ints, Ints]:
        """Pairs of a tally's row and the place of a rule that the tally serves."""
        place = np.searchsorted(self._signals[1:], signal, side="right")
        fan = np.where(self._signals[place] == signal, self._fan[place], 0)
        row = np.repeat(np.arange(len(signal)), fan)
        nth = np.arange(len(row)) - np.repeat(np.cumsum(fan) - fan, fan)
        return row, self._fan_rules[self._fan_start[place[row]] + nth]

    def _cut_by_groups(self, earned: Ints, partner: Ints, *, rule: Ints, day: Ints) -> None:
        """Grant what is left of each group's cap, day by day and within a day in rule order."""
        group = self._group_of[rule]
        member = np.flatnonzero(group >= 0)
        if not len(member):
            return
        key = packed(partner[member] * len(self._groups) + group[member], day[member])
        member = member[np.argsort(key * len(self._rules) + rule[member])]
        group = group[member]
        fresh = changes(partner[member], group, self._points.period_of(group, day[member]))
        earned[member] = first_come(earned[member], self._points.limit[group], fresh)

    def earns(self, signals: Iterable[int]) -> int:
        """Millipoints of an event that is these signals, before any cap."""
        rules = (rule for signal in signals for rule in self._by_signal.get(signal, ()))
        return sum(self._rules[rule].millipoints for rule in rules)

    def span(self, signal: int, first_day: int, last_day: int) -> list[tuple[int, int, int]]:
        """Which (signal, first day, last day) of a partner decide what events of it on these days change.

        Nothing where points simply add up. The union of several spans serves several changes at once.
        """
        needs: dict[int, list[tuple[int, int]]] = {}
        for position in self._by_signal.get(signal, ()):
            for needed, first, last in self._needs(self._rules[position], first_day, last_day=last_day):
                needs.setdefault(needed, []).append((first, last))
        return [(needed, first, last) for needed, spans in needs.items() for first, last in _merged(spans)]

    def _needs(self, rule: _Priced, first_day: int, *, last_day: int) -> Iterator[tuple[int, int, int]]:
        first, last = rule.reach(first_day, last_day)
        if rule.cap:
            yield rule.signal, first, last
        if rule.group:
            first, last = period_span(first_day, last, self._groups[rule.group].per)
            for member in self._rules:
                if member.group == rule.group:
                    yield member.signal, *member.reach(first, last)


class _Limits:
    """Limits per calendar period, one for each place; a place without one never runs out."""

    def __init__(self, caps: list[_Cap | None] | list[_Cap]) -> None:
        self.some = any(caps)
        self.limit = ints([cap.limit if cap else _NO_LIMIT for cap in caps])
        pers = [cap.per if cap else "day" for cap in caps]
        self._members = {per: np.array([one == per for one in pers]) for per in dict.fromkeys(pers)}

    def period_of(self, place: Ints, day: Ints) -> Ints:
        """The period of each day, under the limit at its place."""
        if len(self._members) == 1:
            return period_of(day, next(iter(self._members)))
        period = day
        for per, member in self._members.items():
            if per != "day":
                period = np.where(member[place], period_of(day, per), period)
        return period


def change(prices: PriceList, before: Tallies, added: Tallies) -> DayPoints:
    """What `added` (counts may be negative) changes in what partners earned, where it is not zero.

    Exact where `before` holds at least the tallies that `span` names for what is added.
    """
    old, new = prices.price(before).by_day(), prices.price(before.plus(added)).by_day()
    return new.plus(old.negated()).summed()


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same days, in order and without overlap."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged
