"""What a person hears who got a rubric wrong, in plain words."""

from typing import Any

import pytest

from app.errors import FieldError, RubricInvalid
from app.scoring.reading import read_rubric

RULE = {"id": "a", "on": "a", "points": 1}
OTHER = {"id": "b", "on": "b", "points": 1}
MINIMAL = {"name": "Test", "rules": [RULE]}


def errors_of(document: Any) -> list[FieldError]:
    with pytest.raises(RubricInvalid) as caught:
        read_rubric(document)
    return list(caught.value.errors)


def rule_with(**changed: object) -> dict[str, object]:
    return {**MINIMAL, "rules": [{**RULE, **changed}]}


def handoff_with(**changed: object) -> dict[str, object]:
    return {**MINIMAL, "handoff": {"at": 25, **changed}}


EVENT_TYPE = "must look like email.opened: lower-case letters, digits and _, in parts joined by dots"
FADE = "must be {half_life_days: N} or {window_days: N}, or be left out"
PARTS = "name, time_zone, rules, groups, fade, floor, fit, bands, handoff"
OPERATORS = "is, in, at_least, at_most, more_than, less_than, starts_with, ends_with, contains, exists"


@pytest.mark.parametrize(
    ("document", "path", "message"),
    [
        ({"rules": [RULE]}, "name", "is required"),
        ({"name": "Test"}, "rules", "is required"),
        ({**MINIMAL, "name": ""}, "name", 'must not be empty (it is "")'),
        ({**MINIMAL, "name": "a\x00b"}, "name", 'must not contain control characters (it is "a\\u0000b")'),
        ({**MINIMAL, "name": "n" * 201}, "name", f'must have at most 200 characters (it is "{"n" * 79}...)'),
        ({**MINIMAL, "rules": []}, "rules", "must have at least 1 entry (it is [])"),
        ({**MINIMAL, "rules": {}}, "rules", "must be a list (it is {})"),
        ({**MINIMAL, "rules": [7]}, "rules.0", "must be an object, that is, names with values (it is 7)"),
        (
            {**MINIMAL, "time_zone": "Denver"},
            "time_zone",
            'must be an IANA time zone such as UTC, Europe/Berlin or America/Denver (it is "Denver")',
        ),
        (
            {**MINIMAL, "flor": 1},
            "flor",
            f"is not known here; allowed are {PARTS}; did you mean floor?",
        ),
        (rule_with(on="Email Opened"), "rules.0.on", f'{EVENT_TYPE} (it is "Email Opened")'),
        (rule_with(on="a..b"), "rules.0.on", f'{EVENT_TYPE} (it is "a..b")'),
        (
            rule_with(on="score.adjusted"),
            "rules.0.on",
            'must not begin with score. because those types are the service\'s own (it is "score.adjusted")',
        ),
        (rule_with(points="5"), "rules.0.points", 'must be a number (it is "5")'),
        (rule_with(points=True), "rules.0.points", "must be a number (it is true)"),
        (rule_with(points=1.2345), "rules.0.points", "must have at most 3 decimals (it is 1.2345)"),
        (rule_with(points=1_000_001), "rules.0.points", "must be at most 1,000,000 (it is 1000001)"),
        (rule_with(points=-1_000_001), "rules.0.points", "must be at least -1,000,000 (it is -1000001)"),
        (rule_with(points=float("nan")), "rules.0.points", "must be a finite number (it is NaN)"),
        (
            rule_with(id="a b"),
            "rules.0.id",
            'must begin with a letter or digit and have only letters, digits, dots, - and _ (it is "a b")',
        ),
        (
            rule_with(at_most={"times": 1, "per": "fortnight"}),
            "rules.0.at_most.per",
            'must be one of day, week, month, quarter, year, ever (it is "fortnight")',
        ),
        (
            rule_with(at_most={"times": 1.5, "per": "day"}),
            "rules.0.at_most.times",
            "must be a whole number (it is 1.5)",
        ),
        (
            rule_with(at_most={"times": 0, "per": "day"}),
            "rules.0.at_most.times",
            "must be at least 1 (it is 0)",
        ),
        (rule_with(at_most={"per": "day"}), "rules.0.at_most.times", "is required"),
        (rule_with(who={"persona": []}), "rules.0.who.persona", "must have at least 1 entry (it is [])"),
        (rule_with(who={"persona": "owner"}), "rules.0.who.persona", 'must be a list (it is "owner")'),
        (rule_with(where={"x": {}}), "rules.0.where.x", "must have at least one operator (it is {})"),
        (
            rule_with(where={"x": {"atleast": 1}}),
            "rules.0.where.x.atleast",
            f"is not known here; allowed are {OPERATORS}; did you mean at_least?",
        ),
        (
            rule_with(where={"x": {"at_least": "1"}}),
            "rules.0.where.x.at_least",
            'must be a number (it is "1")',
        ),
        (rule_with(where={"x": {"starts_with": 1}}), "rules.0.where.x.starts_with", "must be text (it is 1)"),
        (rule_with(where={"x": {"in": 1}}), "rules.0.where.x.in", "must be a list (it is 1)"),
        (rule_with(where={"x": {"exists": 1}}), "rules.0.where.x.exists", "must be true or false (it is 1)"),
        (
            rule_with(where={"x": {"is": [1]}}),
            "rules.0.where.x.is",
            "must be text, a number, true or false (it is [1])",
        ),
        (
            rule_with(where={"x": [1, 2]}),
            "rules.0.where.x",
            "must be one value; to allow several write {in: [...]} (it is [1, 2])",
        ),
        (
            rule_with(where={"x": None}),
            "rules.0.where.x",
            "must not be empty; to ask for a missing property write {exists: false} (it is null)",
        ),
        (
            rule_with(where={"x": {"at_least": None}}),
            "rules.0.where.x",
            'must have a value for at_least (it is {"at_least": null})',
        ),
        (
            rule_with(where={"x": {"at_least": float("inf")}}),
            "rules.0.where.x.at_least",
            "must be a finite number of at most 19 digits (it is Infinity)",
        ),
        (
            rule_with(where={"x": "n" * 501}),
            "rules.0.where.x.is",
            f'must have 1 to 500 characters (it is "{"n" * 79}...)',
        ),
        (
            rule_with(where={"a..b": 1}),
            "rules.0.where.a..b",
            'must be a property, or names joined by single dots for one inside another (it is "a..b")',
        ),
        (
            {**MINIMAL, "fade": {"half_life": 3}},
            "fade",
            FADE + ' (it is {"half_life": 3})',
        ),
        (
            {**MINIMAL, "fade": {"half_life_days": 3, "window_days": 3}},
            "fade",
            FADE + ' (it is {"half_life_days": 3, "window_days": 3})',
        ),
        (
            {**MINIMAL, "fade": {"half_life_days": 0.5}},
            "fade.half_life_days",
            "must be at least 1 (it is 0.5)",
        ),
        (
            {**MINIMAL, "fade": {"window_days": 3651}},
            "fade.window_days",
            "must be at most 3,650 (it is 3651)",
        ),
        (
            {**MINIMAL, "fade": {"window_days": 1, "x": 1}},
            "fade.x",
            "is not known here; allowed are half_life_days, window_days",
        ),
        ({**MINIMAL, "fit": {"rules": [{"id": "a", "points": 1}]}}, "fit.rules.0.where", "is required"),
        (
            {**MINIMAL, "bands": {"cold": 0, "warm": 0}},
            "bands.warm",
            'must differ from "cold", which begins at 0 too',
        ),
        (handoff_with(at=0), "handoff.at", "must be more than 0 (it is 0)"),
        (
            handoff_with(rearm_below=30),
            "handoff.rearm_below",
            "must be at most 25, the value of handoff.at (it is 30)",
        ),
        (
            handoff_with(rearm_after_days={"refused": 3}),
            "handoff.rearm_after_days.refused",
            'must be one of default, converted, accepted, rejected, unreachable, withdrawn (it is "refused")',
        ),
        (handoff_with(due_hours=0), "handoff.due_hours", "must be more than 0 (it is 0)"),
        (handoff_with(hours={"from": "09:00"}), "handoff.hours.to", "is required"),
        (
            handoff_with(hours={"from": 9, "to": "17:00"}),
            "handoff.hours.from",
            "must be a time such as 09:00, from 00:00 to 24:00 (it is 9)",
        ),
        (
            handoff_with(hours={"from": "9:00", "to": "17:00"}),
            "handoff.hours.from",
            'must be a time such as 09:00, from 00:00 to 24:00 (it is "9:00")',
        ),
        (
            handoff_with(hours={"from": "09:00", "to": "24:01"}),
            "handoff.hours.to",
            'must be a time such as 09:00, from 00:00 to 24:00 (it is "24:01")',
        ),
        (
            handoff_with(hours={"from": "17:00", "to": "17:00"}),
            "handoff.hours.to",
            'must be later than from, which is 17:00 (it is "17:00")',
        ),
        (
            handoff_with(hours={"days": ["Mon"], "from": "09:00", "to": "17:00"}),
            "handoff.hours.days.0",
            'must be one of mon, tue, wed, thu, fri, sat, sun (it is "Mon")',
        ),
        (
            handoff_with(hours={"days": [], "from": "09:00", "to": "17:00"}),
            "handoff.hours.days",
            "must have at least 1 entry (it is [])",
        ),
        (
            handoff_with(hours={"days": ["mon", "mon"], "from": "09:00", "to": "17:00"}),
            "handoff.hours.days",
            'must not have the same day twice (it is ["mon", "mon"])',
        ),
        (
            handoff_with(hours={"days": ["mon"], "from": "09:00", "to": "13:00"}, due_hours=209),
            "handoff.due_hours",
            "must be at most 208, the hours in a year of these working hours (it is 209)",
        ),
        (
            handoff_with(hours={"days": ["mon"], "from": "09:00", "to": "09:01"}),
            "handoff.due_hours",
            "must be at most 0.87, the hours in a year of these working hours (it is 24)",
        ),
        (
            handoff_with(assign="robin"),
            "handoff.assign",
            'must be one of round_robin, least_loaded, none (it is "robin")',
        ),
        (handoff_with(per_week=0), "handoff.per_week", "must be at least 1 (it is 0)"),
        (handoff_with(max_claimed=1001), "handoff.max_claimed", "must be at most 1,000 (it is 1001)"),
        (
            handoff_with(release_after_hours=0),
            "handoff.release_after_hours",
            "must be more than 0 (it is 0)",
        ),
        (
            handoff_with(gates={"min_grade": "A"}),
            "handoff.gates.min_grade",
            'must be one of fit.grades, but there are none; "A" is not known',
        ),
        (
            {**handoff_with(gates={"min_grade": "b"}), "fit": {"grades": {"A": 1, "B": 0}}},
            "handoff.gates.min_grade",
            'must be one of fit.grades (A, B), not "b"',
        ),
        (handoff_with(gates={"require_any": ["score.x"]}), "handoff.gates.require_any.0", None),
        (
            {**MINIMAL, "rules": [RULE, OTHER, RULE]},
            "rules.2.id",
            'must be unique, but "a" is already the id of rules.0',
        ),
        (
            rule_with(id="floor"),
            "rules.0.id",
            'must not be "floor", which names a line of the service itself',
        ),
        (
            {**rule_with(group="emial"), "groups": {"email": {"at_most": {"points": 5, "per": "day"}}}},
            "rules.0.group",
            'must be one of groups (email), not "emial"; did you mean email?',
        ),
        (
            {**MINIMAL, "groups": {"g": {"at_most": {"points": -1, "per": "day"}}}},
            "groups.g.at_most.points",
            "must be more than 0 (it is -1)",
        ),
        ({**MINIMAL, "rules": [{**RULE, "id": f"r{n}"} for n in range(201)]}, "rules", None),
    ],
)
def test_one_mistake_is_one_error_in_plain_words(document: object, path: str, message: str | None) -> None:
    found = errors_of(document)
    assert [error.path for error in found] == [path]
    assert message is None or found[0].message == message


def test_all_mistakes_are_named_at_once() -> None:
    document = {
        "rules": [{"id": "a", "on": "A", "points": "x", "group": "g"}, {"id": "a", "on": "b", "points": 1}],
        "handoff": {"at": 5, "rearm_below": 9, "gates": {"min_contacts": -1}},
    }
    assert {error.path for error in errors_of(document)} == {
        "name",
        "rules.0.on",
        "rules.0.points",
        "rules.0.group",
        "rules.1.id",
        "handoff.gates.min_contacts",
        "handoff.rearm_below",
    }


def test_the_summary_names_the_first_mistake_and_how_many_more() -> None:
    with pytest.raises(RubricInvalid, match=r"^name is required\. There is 1 more error\.$"):
        read_rubric({"rules": [{**RULE, "points": "x"}]})


@pytest.mark.parametrize(
    "document", [{**MINIMAL, "\ud800": 1}, {**MINIMAL, "name": "\ud800"}, rule_with(group="\ud800")]
)
def test_errors_can_always_be_sent(document: object) -> None:
    for error in errors_of(document):
        assert f"{error.path} {error.message}".encode()
