"""Differences between rubrics: all of them, as data and in words."""

from copy import deepcopy
from typing import Any

import pytest
from pydantic import BaseModel

from app.scoring.diff import RubricDiff, diff
from app.scoring.rubric import FitRule, Gates, Group, Handoff, Rubric, Rule

FULL: dict[str, Any] = {
    "name": "Spring",
    "time_zone": "America/Denver",
    "rules": [
        {
            "id": "click",
            "on": "email.clicked",
            "points": 5,
            "where": {"campaign": "spring", "minutes": {"at_least": 3, "less_than": 30}},
            "who": {"persona": ["owner", "technical"]},
            "at_most": {"times": 2, "per": "week"},
            "group": "email",
        },
        {"id": "open", "on": "email.opened", "points": 1, "group": "email"},
        {"id": "show", "on": "tradeshow.attended", "points": 10},
    ],
    "groups": {"email": {"at_most": {"points": 12, "per": "week"}}},
    "fade": {"half_life_days": 30},
    "floor": 0,
    "fit": {
        "rules": [
            {"id": "size", "where": {"employees": {"at_least": 10}}, "points": 10},
            {"id": "region", "where": {"region": {"in": ["EMEA", "North America"]}}, "points": 5},
        ],
        "grades": {"A": 15, "B": 10},
    },
    "bands": {"warm": 10, "hot": 25},
    "handoff": {
        "at": 25,
        "rearm_below": 15,
        "rearm_after_days": {"default": 30, "rejected": 90},
        "gates": {
            "min_grade": "B",
            "min_contacts": 1,
            "contacts_within_days": 30,
            "require_any": ["webinar.attended"],
            "within_days": 30,
        },
        "hours": {"days": ["mon", "fri"], "from": "09:00", "to": "17:00"},
        "due_hours": 24,
        "max_event_age_days": 7,
        "per_week": 20,
        "assign": "round_robin",
        "max_claimed": 5,
        "release_after_hours": 48,
    },
}
WHERE = "campaign is spring and minutes at_least 3 and minutes less_than 30"
BARE = {"name": "Spring", "rules": [FULL["rules"][2]]}


def between(old: dict[str, Any], new: dict[str, Any]) -> RubricDiff:
    return diff(Rubric.model_validate(old), Rubric.model_validate(new))


def changed(*path: str | int, to: object) -> dict[str, Any]:
    """The full rubric with another value there, or none."""
    document: Any = deepcopy(FULL)
    part = document
    for name in path[:-1]:
        part = part[name]
    if to is None:
        del part[path[-1]]
    else:
        part[path[-1]] = to
    return dict(document)


CLICK, SIZE = ("rules", 0), ("fit", "rules", 0)
GATES = ("handoff", "gates")
CASES: list[tuple[tuple[str | int, ...], object, str, str]] = [
    (("name",), "Spring 2", "name", 'name Spring -> "Spring 2"'),
    (("time_zone",), "UTC", "time_zone", "time zone America/Denver -> UTC"),
    ((*CLICK, "on"), "email.opened", "rules.click.on", "click: on email.clicked -> email.opened"),
    ((*CLICK, "points"), 4, "rules.click.points", "click: 5 -> 4 points"),
    ((*CLICK, "points"), 1, "rules.click.points", "click: 5 points -> 1 point"),
    (
        (*CLICK, "where"),
        {"paid": True, "code": "30"},
        "rules.click.where",
        f'click: where {WHERE} -> paid is true and code is "30"',
    ),
    (
        (*CLICK, "where"),
        None,
        "rules.click.where",
        f"click: no longer where {WHERE}",
    ),
    (
        (*CLICK, "who"),
        {"persona": ["sales"]},
        "rules.click.who",
        "click: only by owner or technical -> sales",
    ),
    ((*CLICK, "who"), None, "rules.click.who", "click: no longer only by owner or technical"),
    (
        (*CLICK, "at_most"),
        {"times": 3, "per": "week"},
        "rules.click.at_most",
        "click: at most 2 -> 3 times a week",
    ),
    (
        (*CLICK, "at_most"),
        {"times": 1, "per": "ever"},
        "rules.click.at_most",
        "click: at most 2 times a week -> 1 time ever",
    ),
    ((*CLICK, "at_most"), None, "rules.click.at_most", "click: no longer at most 2 times a week"),
    ((*CLICK, "group"), None, "rules.click.group", "click: no longer in group email"),
    (("rules", 2, "group"), "email", "rules.show.group", "show: now in group email"),
    (("rules", 2), None, "rules.show", "rule show removed"),
    (
        ("groups", "email", "at_most", "points"),
        15.5,
        "groups.email.at_most",
        "group email: at most 12 -> 15.5 points a week",
    ),
    (
        ("groups", "page"),
        {"at_most": {"points": 1, "per": "ever"}},
        "groups.page",
        "new group page: at most 1 point ever",
    ),
    (("fade",), {"half_life_days": 20}, "fade.half_life_days", "half-life 30 -> 20 days"),
    (("fade",), None, "fade.half_life_days", "half-life 30 days -> none"),
    (("floor",), None, "floor", "floor 0 -> none"),
    (
        (*SIZE, "where"),
        {"employees": {"at_least": 50}},
        "fit.rules.size.where",
        "fit rule size: where employees at_least 10 -> employees at_least 50",
    ),
    ((*SIZE, "points"), 8, "fit.rules.size.points", "fit rule size: 10 -> 8 points"),
    (("fit", "rules", 1), None, "fit.rules.region", "fit rule region removed"),
    (("fit", "grades", "A"), 20, "fit.grades.A", "grade A: 15 -> 20"),
    (("fit", "grades", "C"), 0, "fit.grades.C", "new grade C: 0"),
    (("bands", "hot"), 30, "bands.hot", "band hot: 25 -> 30"),
    (("bands", "warm"), None, "bands.warm", "band warm removed"),
    (("handoff", "at"), 30, "handoff.at", "hand-off at 25 -> 30"),
    (("handoff", "rearm_below"), 10, "handoff.rearm_below", "re-arm below 15 -> 10"),
    (
        ("handoff", "rearm_after_days", "rejected"),
        60,
        "handoff.rearm_after_days.rejected",
        "re-arm after rejected: 90 -> 60 days",
    ),
    ((*GATES, "min_grade"), "A", "handoff.gates.min_grade", "hand-off: only from grade B -> A"),
    ((*GATES, "min_grade"), None, "handoff.gates.min_grade", "hand-off: no longer only from grade B"),
    ((*GATES, "min_contacts"), 3, "handoff.gates.min_contacts", "hand-off: at least 1 contact -> 3 contacts"),
    (
        (*GATES, "contacts_within_days"),
        14,
        "handoff.gates.contacts_within_days",
        "hand-off: contacts of the last 30 -> 14 days",
    ),
    (
        (*GATES, "require_any"),
        ["webinar.attended", "form.submitted"],
        "handoff.gates.require_any",
        "hand-off: only with webinar.attended -> webinar.attended or form.submitted",
    ),
    (
        (*GATES, "within_days"),
        60,
        "handoff.gates.within_days",
        "hand-off: required events of the last 30 -> 60 days",
    ),
    (
        ("handoff", "hours"),
        {"days": ["sat"], "from": "08:30", "to": "24:00"},
        "handoff.hours",
        "hand-off: with working hours mon fri 09:00-17:00 -> sat 08:30-24:00",
    ),
    (
        ("handoff", "hours"),
        None,
        "handoff.hours",
        "hand-off: no longer with working hours mon fri 09:00-17:00",
    ),
    (("handoff", "due_hours"), 1.5, "handoff.due_hours", "hand-off: due in 24 -> 1.5 hours"),
    (
        ("handoff", "max_event_age_days"),
        14,
        "handoff.max_event_age_days",
        "hand-off: opened by events of the last 7 -> 14 days",
    ),
    (("handoff", "per_week"), 30, "handoff.per_week", "hand-off: at most 20 -> 30 opened a week"),
    (("handoff", "per_week"), None, "handoff.per_week", "hand-off: no longer at most 20 opened a week"),
    (
        ("handoff", "assign"),
        "least_loaded",
        "handoff.assign",
        "hand-off: assigned by round_robin -> least_loaded",
    ),
    (("handoff", "assign"), "none", "handoff.assign", "hand-off: no longer assigned by round_robin"),
    (("handoff", "max_claimed"), 3, "handoff.max_claimed", "hand-off: at most 5 -> 3 claimed per person"),
    (
        ("handoff", "release_after_hours"),
        1,
        "handoff.release_after_hours",
        "hand-off: an untouched claim ends after 48 hours -> 1 hour",
    ),
    (
        ("handoff", "release_after_hours"),
        None,
        "handoff.release_after_hours",
        "hand-off: an untouched claim no longer ends after 48 hours",
    ),
]


@pytest.mark.parametrize(("path", "to", "place", "text"), CASES, ids=[text for *_, text in CASES])
def test_a_change_in_words(path: tuple[str | int, ...], to: object, place: str, text: str) -> None:
    found = between(FULL, changed(*path, to=to))
    assert [(change.path, change.text) for change in found.changes] == [(place, text)]


def test_a_new_rule_is_described() -> None:
    rule = {"id": "deep", "on": "page.viewed", "points": 3, "where": {"path": {"starts_with": "/partners/x"}}}
    assert between(FULL, changed("rules", to=[*FULL["rules"], rule])).text() == [
        "new rule deep: 3 points on page.viewed where path starts_with /partners/x"
    ]


def test_a_new_rule_is_described_with_all_its_limits() -> None:
    rule = {**FULL["rules"][0], "id": "two", "where": {"a b": {"in": ["x", "y, z", 3]}}}
    (text,) = between(FULL, changed("rules", to=[*FULL["rules"], rule])).text()
    assert text == (
        'new rule two: 5 points on email.clicked where "a b" in [x, "y, z", 3], only by owner or technical,'
        " at most 2 times a week, in group email"
    )


def test_a_new_fit_rule_is_described() -> None:
    rule = {"id": "cloud", "where": {"cloud": {"exists": True}}, "points": 2.5}
    new = changed("fit", "rules", to=[*FULL["fit"]["rules"], rule])
    assert between(FULL, new).text() == ["new fit rule cloud: 2.5 points where cloud exists true"]


def test_another_kind_of_fade_is_two_changes() -> None:
    assert between(FULL, changed("fade", to={"window_days": 90})).text() == [
        "half-life 30 days -> none",
        "window none -> 90 days",
    ]


def test_a_first_hand_off_is_told_with_all_its_terms() -> None:
    assert between(BARE, {**BARE, "handoff": {"at": 25}}).text() == [
        "hand-off at none -> 25",
        "re-arm below none -> 25",
        "re-arm after default: none -> 30 days",
        "hand-off: at least none -> 0 contacts",
        "hand-off: contacts of the last none -> 30 days",
        "hand-off: required events of the last none -> 30 days",
        "hand-off: due in none -> 24 hours",
        "hand-off: opened by events of the last none -> 7 days",
    ]


def test_what_a_hand_off_did_not_have_before_is_new() -> None:
    old = changed("handoff", to={name: FULL["handoff"][name] for name in ("at", "gates")})
    desk = {name: FULL["handoff"][name] for name in ("hours", "per_week", "assign", "max_claimed")}
    new = {**old, "handoff": {**old["handoff"], **desk, "release_after_hours": 1.5}}
    assert between(old, new).text() == [
        "hand-off: now with working hours mon fri 09:00-17:00",
        "hand-off: now at most 20 opened a week",
        "hand-off: now assigned by round_robin",
        "hand-off: now at most 5 claimed per person",
        "hand-off: an untouched claim now ends after 1.5 hours",
    ]


def test_the_order_of_rules_that_share_a_cap_changes_grants() -> None:
    click, opened, show = FULL["rules"]
    found = between(FULL, changed("rules", to=[opened, click, show]))
    assert found.text() == ["rule order in group email changed"]
    assert found.document()[0]["after"] == ["open", "click"]


@pytest.mark.parametrize("place", [0, 1])
def test_the_order_of_other_rules_only_sorts_lines(place: int) -> None:
    rules = [FULL["rules"][0], FULL["rules"][1]]
    rules.insert(place, FULL["rules"][2])
    assert between(FULL, changed("rules", to=rules)).text() == ["rule order changed, but in no group"]


def test_points_that_no_cap_cuts_have_no_order() -> None:
    minus = {"id": "minus", "on": "email.unsubscribed", "points": -5, "group": "email"}
    old, new = ([minus, *FULL["rules"]], [*FULL["rules"], minus])
    found = between(changed("rules", to=old), changed("rules", to=new))
    assert found.text() == ["rule order changed, but in no group"]


def test_the_order_of_fit_rules() -> None:
    new = changed("fit", "rules", to=FULL["fit"]["rules"][::-1])
    assert between(FULL, new).text() == ["order of fit rules changed"]


def test_a_change_as_data() -> None:
    assert between(FULL, changed("rules", 0, "points", to=4)).document() == [
        {
            "path": "rules.click.points",
            "kind": "changed",
            "before": 5,
            "after": 4,
            "text": "click: 5 -> 4 points",
        }
    ]


@pytest.mark.parametrize(("to", "kind"), [(20, "changed"), (None, "removed")])
def test_kinds(to: object, kind: str) -> None:
    assert between(FULL, changed("bands", "hot", to=to)).changes[0].kind == kind
    assert between(changed("bands", "hot", to=None), FULL).changes[0].kind == "added"


@pytest.mark.parametrize(
    ("model", "part"),
    [
        (Rubric, FULL),
        (Rule, FULL["rules"][0]),
        (Group, FULL["groups"]["email"]),
        (FitRule, FULL["fit"]["rules"][0]),
        (Handoff, FULL["handoff"]),
        (Gates, FULL["handoff"]["gates"]),
    ],
)
def test_the_table_above_knows_every_field(model: type[BaseModel], part: dict[str, Any]) -> None:
    assert set(model.model_fields) == set(part)
    told = {name for _, _, path, _ in CASES for name in path.split(".")}
    assert set(part) - {"id"} <= told
