"""Signals: equal meaning, equal key; and which of them an event is."""

import json
from collections.abc import Mapping
from hashlib import sha256

import pytest

from app.scoring.rubric import Rubric
from app.scoring.signal import Signal, SignalSet, signal_of, signals_of


def key_of(**document: object) -> int:
    return Signal.from_document(document).key


def rubric_of(*rules: Mapping[str, object], **more: object) -> Rubric:
    numbered = [{"id": f"r{n}", "points": 1, **rule} for n, rule in enumerate(rules)]
    return Rubric.model_validate({"name": "Test", "rules": numbered, **more})


def test_a_key_is_the_start_of_the_hash_of_the_canonical_document() -> None:
    canonical = '{"on":"page.viewed","where":{"path":{"is":"/jobs"}},"who":{"persona":["owner","sales"]}}'
    wanted = int.from_bytes(sha256(canonical.encode()).digest()[:8], "big", signed=True)
    signal = Signal.from_document(
        {"who": {"persona": ["sales", "owner"]}, "where": {"path": "/jobs"}, "on": "page.viewed"}
    )
    assert signal.key == wanted
    assert json.dumps(signal.document(), separators=(",", ":")) == canonical


def test_a_key_never_changes() -> None:
    """Stored tallies are found by it."""
    assert key_of(on="email.opened") == KEY_OF_EMAIL_OPENED


KEY_OF_EMAIL_OPENED = -7516636861325723191


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"where": {"a": 1}}, {"where": {"a": {"is": 1}}}),
        ({"where": {"a": 30}}, {"where": {"a": 30.0}}),
        ({"where": {"a": 0}}, {"where": {"a": -0.0}}),
        ({"where": {"a": 1, "b": 2}}, {"where": {"b": 2, "a": 1}}),
        ({"where": {"a": {"in": [1, 2, 2]}}}, {"where": {"a": {"in": [2.0, 1]}}}),
        (
            {"where": {"a": {"at_least": 1, "less_than": 5}}},
            {"where": {"a": {"less_than": 5, "at_least": 1}}},
        ),
        ({"who": {"persona": ["a", "b"]}}, {"who": {"persona": ["b", "a", "a"]}}),
        ({"where": {}, "who": None}, {}),
    ],
)
def test_equal_meaning_is_an_equal_signal(one: dict[str, object], other: dict[str, object]) -> None:
    signals = [Signal.from_document({"on": "x", **each}) for each in (one, other)]
    assert signals[0] == signals[1]
    assert signals[0].key == signals[1].key


@pytest.mark.parametrize(
    "other",
    [
        {"on": "y"},
        {"where": {"a": 2}},
        {"where": {"a": "1"}},
        {"where": {"a": True}},
        {"where": {"a": {"at_least": 1}}},
        {"where": {"b": 1}},
        {"where": {"a": 1}, "who": {"persona": ["owner"]}},
    ],
)
def test_other_meaning_is_another_signal(other: dict[str, object]) -> None:
    assert key_of(**{"on": "x", **other}) != key_of(on="x", where={"a": 1})


def test_a_rubrics_key_survives_storing_the_document() -> None:
    rule = {
        "on": "a",
        "where": {"n": {"in": [1.0, "x", True]}, "m": {"exists": False}},
        "who": {"persona": ["p"]},
    }
    rubric = rubric_of(rule)
    stored = {key: json.loads(json.dumps(signal.document())) for key, signal in signals_of(rubric).items()}
    assert {Signal.from_document(document).key for document in stored.values()} == set(stored)


def test_points_caps_and_groups_are_no_part_of_a_signal() -> None:
    rubric = rubric_of(
        {"on": "a", "points": 1},
        {"on": "a", "points": 9, "at_most": {"times": 1, "per": "day"}, "group": "g"},
        groups={"g": {"at_most": {"points": 5, "per": "day"}}},
    )
    assert len(signals_of(rubric)) == 1


def test_types_that_a_gate_requires_are_signals_too() -> None:
    gates = {"require_any": ["webinar.attended"]}
    rubric = rubric_of({"on": "a", "where": {"x": 1}}, handoff={"at": 5, "gates": gates})
    assert set(signals_of(rubric)) == {signal_of(rubric.rules[0]).key, key_of(on="webinar.attended")}


@pytest.mark.parametrize(
    ("event_type", "properties", "persona", "matched"),
    [
        ("page.viewed", {"path": "/partners/x"}, "owner", ["any", "partners", "owner"]),
        ("page.viewed", {"path": "/partners/x"}, "sales", ["any", "partners"]),
        ("page.viewed", {"path": "/jobs"}, None, ["any"]),
        ("page.viewed.twice", {"path": "/partners/x"}, "owner", []),
    ],
)
def test_an_event_is_every_signal_that_holds(
    event_type: str, properties: dict[str, object], persona: str | None, matched: list[str]
) -> None:
    signals = {
        "any": Signal.from_document({"on": "page.viewed"}),
        "partners": Signal.from_document(
            {"on": "page.viewed", "where": {"path": {"starts_with": "/partners/"}}}
        ),
        "owner": Signal.from_document({"on": "page.viewed", "who": {"persona": ["owner", "technical"]}}),
        "other": Signal.from_document({"on": "email.opened"}),
    }
    found = SignalSet({signal.key: signal for signal in signals.values()}).matching(
        event_type, properties, persona
    )
    assert found == [signals[name].key for name in matched]
    assert found == [each.key for each in signals.values() if each.holds(event_type, properties, persona)]
