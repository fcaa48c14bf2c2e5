"""What differs between two rubrics, as data and in words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast

from app.scoring.diff_words import Place, sentence
from app.scoring.rubric import FitRule, Rubric, Rule

Kind = Literal["added", "removed", "changed"]
Section = Mapping[str, object]
AnyRule = Rule | FitRule

_SECTIONS = {
    (),
    ("rules",),
    ("groups",),
    ("fade",),
    ("fit",),
    ("fit", "rules"),
    ("fit", "grades"),
    ("bands",),
    ("handoff",),
    ("handoff", "rearm_after_days"),
    ("handoff", "gates"),
}
_MEMBERS = {("rules",), ("groups",), ("fit", "rules")}


@dataclass(frozen=True)
class Change:
    """One difference; `before` or `after` is None where there is nothing."""

    place: Place
    before: object
    after: object

    @property
    def path(self) -> str:
        """Where it is, with rules by their ids, such as rules.click.points."""
        return ".".join(self.place)

    @property
    def kind(self) -> Kind:
        """Whether the new rubric has something more, less or else."""
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "changed"

    @property
    def text(self) -> str:
        """A line such as `click: 5 -> 4 points`."""
        return sentence(self.place, self.before, self.after)

    def document(self) -> dict[str, object]:
        """As JSON-able data."""
        return {
            "path": self.path,
            "kind": self.kind,
            "before": self.before,
            "after": self.after,
            "text": self.text,
        }


@dataclass(frozen=True)
class RubricDiff:
    """Every difference, in the order of the rubric; none if and only if the documents are equal."""

    changes: tuple[Change, ...]

    def text(self) -> list[str]:
        """A line for each change."""
        return [change.text for change in self.changes]

    def document(self) -> list[dict[str, object]]:
        """The changes as JSON-able data."""
        return [change.document() for change in self.changes]


def diff(old: Rubric, new: Rubric) -> RubricDiff:
    """What must change in `old` to make it `new`; a rule that has another id is another rule."""
    between = _between((), _by_id(old.document()), _by_id(new.document()))
    return RubricDiff((*between, *_orders(old, new)))


def _by_id(document: Section) -> Section:
    """Every part of a rubric in the order of its fields, absent ones as None, with rules by id."""
    fit = cast("Section", document.get("fit", {}))
    parts = {**document, "rules": _named(document), "fit": {**fit, "rules": _named(fit)}}
    return {name: parts.get(name) for name in Rubric.model_fields}


def _named(section: Section) -> Section:
    rules = cast("list[dict[str, object]]", section.get("rules", []))
    return {
        cast("str", rule["id"]): {name: value for name, value in rule.items() if name != "id"}
        for rule in rules
    }


def _between(place: Place, before: object, after: object) -> Iterator[Change]:
    if before == after:
        return
    whole = before is None or after is None
    if place in _SECTIONS or (place[:-1] in _MEMBERS and not whole):
        old, new = cast("Section", before or {}), cast("Section", after or {})
        for name in {**old, **new}:
            yield from _between((*place, name), old.get(name), new.get(name))
    else:
        yield Change(place, before, after)


def _orders(old: Rubric, new: Rubric) -> Iterator[Change]:
    """Rules that changed places; only in a group does that change what they are granted."""
    grouped = list(_orders_in_groups(old, new))
    yield from grouped
    if not grouped:
        yield from _order(("rules",), old.rules, new.rules)
    yield from _order(("fit", "rules"), old.fit.rules, new.fit.rules)


def _orders_in_groups(old: Rubric, new: Rubric) -> Iterator[Change]:
    for group in old.groups:
        yield from _order(("groups", group, "order"), _members(old, group), _members(new, group))


def _members(rubric: Rubric, group: str) -> list[Rule]:
    """The rules that share the cap of the group, which cuts positive points only."""
    return [rule for rule in rubric.rules if rule.group == group and rule.points > 0]


def _order(place: Place, old: Sequence[AnyRule], new: Sequence[AnyRule]) -> Iterator[Change]:
    """Whether the rules that are in both lists are in another order."""
    before, after = [rule.id for rule in old], [rule.id for rule in new]
    kept, now = [name for name in before if name in after], [name for name in after if name in before]
    if kept != now:
        yield Change(place, kept, now)
