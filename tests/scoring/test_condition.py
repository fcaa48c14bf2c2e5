"""What `where` means, operator by operator."""

import pytest

from app.scoring.condition import OPERATORS, Condition
from app.scoring.where import PropertyTest

MISSING = object()


def holds(test: object, value: object) -> bool:
    return Condition({"it": test}).holds({} if value is MISSING else {"it": value})


@pytest.mark.parametrize(
    ("test", "yes", "no"),
    [
        ({"is": "a"}, ["a"], ["A", "ab", 1, True, ["a"], {"a": 1}]),
        ({"is": 30}, [30, 30.0], ["30", True, 31, [30]]),
        ({"is": 1}, [1, 1.0], [True, "1"]),
        ({"is": True}, [True], [1, "true", False]),
        ({"is": 0}, [0, 0.0], [False, ""]),
        ({"in": ["a", 1, True]}, ["a", 1, 1.0, True], ["b", "1", 0, ["a"]]),
        ({"in": [1]}, [1], [True]),
        ({"at_least": 30}, [30, 30.0, 31], [29.999, "30", True, [30]]),
        ({"at_most": 30}, [30, -1], [30.001, "1", False]),
        ({"more_than": 0}, [0.001], [0, True, "1"]),
        ({"less_than": 0}, [-0.001], [0, False, "-1"]),
        ({"starts_with": "/p"}, ["/p", "/partners"], ["p", "/P", 5, ["/p"]]),
        ({"ends_with": ".pdf"}, ["a.pdf"], ["a.PDF", "pdf", 5]),
        ({"contains": "ora"}, ["storage", ["ora", 1]], ["STORAGE", ["storage"], 5]),
        ({"contains": 1}, [[1], [1.0, "x"]], ["1", 1, [True], ["1"], 11]),
        ({"contains": True}, [[True]], [[1], "true"]),
        ({"exists": True}, ["", 0, False, [], {}], []),
        ({"exists": False}, [], ["", 0, False, [], {}]),
        ({"at_least": 10, "less_than": 50}, [10, 49], [9, 50]),
        ("a", ["a"], ["b", 1]),
        (30, [30.0], ["30"]),
        (False, [False], [0, True]),
    ],
)
def test_operators(test: object, yes: list[object], no: list[object]) -> None:
    assert [value for value in yes if not holds(test, value)] == []
    assert [value for value in no if holds(test, value)] == []


@pytest.mark.parametrize("value", [MISSING, None])
@pytest.mark.parametrize(
    "test",
    [
        {"is": "a"}, {"in": ["a"]}, {"at_least": 0}, {"at_most": 0}, {"more_than": -1}, {"less_than": 1},
        {"starts_with": "a"}, {"ends_with": "a"}, {"contains": "a"}, {"exists": True},
    ],
)  # fmt: skip
def test_what_is_missing_or_null_satisfies_nothing_but_exists_false(test: object, value: object) -> None:
    assert not holds(test, value)
    assert holds({"exists": False}, value)


def test_a_path_walks_into_objects() -> None:
    condition = Condition({"page.section.name": "partners"})
    assert condition.holds({"page": {"section": {"name": "partners"}}})
    assert not condition.holds({"page": {"section": "partners"}})
    assert not condition.holds({"page": [{"section": {"name": "partners"}}]})
    assert not condition.holds({"page.section.name": "partners"})


def test_all_properties_must_hold() -> None:
    condition = Condition({"a": 1, "b": 2})
    assert condition.holds({"a": 1, "b": 2, "c": 3})
    assert not condition.holds({"a": 1, "b": 3})


def test_no_tests_hold_for_everything() -> None:
    assert Condition({}).holds({})


def test_the_rubric_offers_exactly_the_operators_that_exist() -> None:
    offered = {field.alias or name for name, field in PropertyTest.model_fields.items()}
    assert offered == set(OPERATORS)
