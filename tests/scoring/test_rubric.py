"""The rubric as a document: it survives being stored, and its defaults are what the words say."""

import json
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.scoring.hours import WorkingHours
from app.scoring.reading import read_rubric, rubric_schema
from app.scoring.rubric import Handoff, Rubric
from tests.scoring.strategies import points, rubrics

MINIMAL = {"name": "Test", "rules": [{"id": "a", "on": "a", "points": 1}]}
SCHEMA = rubric_schema()

text = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=20)
numbers = st.integers(-(10**6), 10**6) | st.floats(-1e6, 1e6, allow_nan=False)
scalars = text | st.booleans() | numbers
tests = st.fixed_dictionaries(
    {},
    optional={
        "is": scalars,
        "in": st.lists(scalars, min_size=1, max_size=3),
        "at_least": numbers,
        "less_than": numbers,
        "starts_with": text,
        "contains": scalars,
        "exists": st.booleans(),
    },
).filter(bool)
paths = st.lists(text.map(lambda part: part.replace(".", "_")), min_size=1, max_size=3).map(".".join)
wheres = st.dictionaries(paths, tests | scalars, min_size=1, max_size=3)
levels = st.lists(points, unique=True, max_size=4).map(
    lambda all_: {f"level {n}": one for n, one in enumerate(all_)}
)

desks = st.fixed_dictionaries(
    {},
    optional={
        "hours": st.fixed_dictionaries(
            {"from": st.sampled_from(["00:00", "09:30"]), "to": st.sampled_from(["17:00", "24:00"])},
            optional={"days": st.permutations(["mon", "tue", "sat", "sun"])},
        ),
        "per_week": st.integers(1, 100_000),
        "assign": st.sampled_from(["round_robin", "least_loaded", "none"]),
        "max_claimed": st.integers(1, 1000),
        "release_after_hours": st.integers(1, 8760) | st.floats(0.01, 8760),
    },
)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """A rubric's document with something in every part."""
    document = json.loads(json.dumps(draw(rubrics()).document()))
    document["rules"][0]["where"] = draw(wheres)
    at = draw(st.integers(1, 100))
    fit_rules = [
        {"id": f"f{n}", "where": where, "points": 1}
        for n, where in enumerate(draw(st.lists(wheres, max_size=2)))
    ]
    return {
        **document,
        "time_zone": draw(st.sampled_from(["UTC", "Europe/Berlin", "America/Denver"])),
        "bands": draw(levels),
        "fit": {"rules": fit_rules, "grades": draw(levels)},
        "handoff": {
            "at": at,
            "rearm_below": at - draw(st.integers(0, 5)) / 8,
            "rearm_after_days": {"rejected": 9},
            **draw(desks),
        },
    }


@given(documents())
def test_rubric_to_json_to_rubric_is_the_identity(document: dict[str, Any]) -> None:
    rubric = read_rubric(document)
    again = read_rubric(json.dumps(rubric.document()))
    assert again == rubric
    assert again.document() == rubric.document()


@given(documents())
def test_the_schema_accepts_what_is_read(document: dict[str, Any]) -> None:
    assert jsonschema_rs.is_valid(SCHEMA, document)
    assert jsonschema_rs.is_valid(SCHEMA, read_rubric(document).document())


@pytest.mark.parametrize(
    "wrong",
    [
        {"rules": []},
        {"colour": "red"},
        {"rules": [{"id": "a", "on": "A", "points": 1}]},
        {"rules": [{"id": "a", "on": "a", "points": 1, "where": {"x": {"atleast": 1}}}]},
        {"fade": {}},
        {"handoff": {"at": 0}},
    ],
)
def test_the_schema_refuses_what_is_not_a_rubric(wrong: dict[str, object]) -> None:
    assert jsonschema_rs.is_valid(SCHEMA, MINIMAL)
    assert not jsonschema_rs.is_valid(SCHEMA, MINIMAL | wrong)


def test_every_field_of_the_schema_is_described() -> None:
    parts = [SCHEMA, *SCHEMA["$defs"].values()]
    fields = [(name, field) for part in parts for name, field in part.get("properties", {}).items()]
    assert [name for name, field in fields if "title" not in field and "$ref" not in field] == []
    assert [name for name, field in fields if "description" not in field] == []
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_defaults() -> None:
    rubric = read_rubric({**MINIMAL, "handoff": {"at": 25}})
    assert rubric.document() == {
        **MINIMAL,
        "time_zone": "UTC",
        "handoff": {
            "at": 25,
            "rearm_below": 25,
            "rearm_after_days": {"default": 30},
            "gates": {"min_contacts": 0, "contacts_within_days": 30, "within_days": 30},
            "due_hours": 24,
            "max_event_age_days": 7,
        },
    }


def test_a_desk_that_is_left_as_it_is_adds_nothing_to_a_stored_document() -> None:
    plain = read_rubric({**MINIMAL, "handoff": {"at": 25}})
    nothing = {"hours": None, "per_week": None, "assign": "none", "max_claimed": None}
    assert read_rubric({**MINIMAL, "handoff": {"at": 25, **nothing}}).document() == plain.document()
    assert plain.handoff is not None
    assert plain.handoff.assign == "none"


@pytest.mark.parametrize("quote", ["", "'", '"'])
def test_working_hours_need_no_quotes(quote: str) -> None:
    rubric = read_rubric(
        "name: Test\nrules: [{id: a, on: a, points: 1}]\n"
        f"handoff: {{at: 25, hours: {{from: {quote}09:00{quote}, to: {quote}24:00{quote}}}}}"
    )
    assert rubric.handoff is not None
    assert rubric.handoff.hours == WorkingHours(
        days=("mon", "tue", "wed", "thu", "fri"), **{"from": "09:00"}, to="24:00"
    )


def test_the_order_of_working_days_says_nothing() -> None:
    hours = {"from": "09:00", "to": "17:00"}
    one, other = (
        WorkingHours.model_validate({**hours, "days": days}) for days in (["sun", "mon"], ["mon", "sun"])
    )
    assert one == other


def test_a_bare_value_means_is() -> None:
    rule = {"id": "a", "on": "a", "points": 1, "where": {"x": 5.0, "y": True}}
    assert read_rubric({"name": "Test", "rules": [rule]}).document()["rules"] == [
        {**rule, "where": {"x": {"is": 5}, "y": {"is": True}}}
    ]


def test_a_wait_for_one_outcome_keeps_the_default_wait() -> None:
    handoff = Handoff.model_validate({"at": 1, "rearm_after_days": {"rejected": 90}})
    assert handoff.rearm_after_days == {"default": 30, "rejected": 90}


def test_a_rubric_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Rubric.model_validate(MINIMAL).__setattr__("name", "Other")


def test_a_rubric_that_contradicts_itself_cannot_be_made_at_all() -> None:
    with pytest.raises(ValidationError, match=r"rules\.0\.group"):
        Rubric.model_validate({"name": "Test", "rules": [{"id": "a", "on": "a", "points": 1, "group": "g"}]})
