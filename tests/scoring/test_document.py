"""What kinds of text can be read as a rubric, and what YAML is not allowed to do."""

import json

import pytest

from app.errors import RubricInvalid
from app.scoring.reading import read_rubric

MINIMAL = {"name": "Test", "rules": [{"id": "a", "on": "a", "points": 1}]}
YAML = "name: Test\nrules: [{id: a, on: a, points: 1}]\n"


@pytest.mark.parametrize(
    "document",
    [
        YAML,
        YAML.encode(),
        b"\xef\xbb\xbf" + YAML.encode(),
        "%YAML 1.2\n---\n" + YAML,
        "{name: Test, rules: [{id: a, on: a, points: 1}]}",
        json.dumps(MINIMAL),
        f"  {json.dumps(MINIMAL)}",
    ],
)
def test_yaml_and_json_say_the_same(document: bytes | str) -> None:
    assert read_rubric(document) == read_rubric(MINIMAL)


@pytest.mark.parametrize(
    ("written", "read"),
    [("yes", "yes"), ("on", "on"), ("2026-03-01", "2026-03-01"), ("12:30", "12:30"), ("'5'", "5"), ("5", 5),
     ("1e3", 1000), ("-1.5", -1.5), ("007", 7), ("0x1F", "0x1F"), ("true", True), ("!!str 5", "5")],
)  # fmt: skip
def test_yaml_values_are_what_they_look_like(written: str, read: object) -> None:
    rubric = read_rubric(f"name: Test\nrules: [{{id: a, on: a, points: 1, where: {{x: {written}}}}}]")
    assert rubric.rules[0].where["x"].document() == {"is": read}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: &n Test\nother: *n", "must not use anchors and aliases, such as &n (line 1, column 7)"),
        ("name: a\nname: b", 'must not have the key "name" twice (line 2, column 1)'),
        ('{"name": "a", "name": "b"}', 'must not have the key "name" twice (line 1, column 15)'),
        (f"{YAML}---\n{YAML}", "must be YAML or JSON: expected a single document in the stream"),
        (
            "name: !!python/object:os.system x",
            "must not use the tag python/object:os.system (line 1, column 7)",
        ),
        ("? [a]\n: b", "must have plain names as keys (line 1, column 3)"),
        ("name: [", "must be YAML or JSON: while parsing a flow"),
        ('{"name": ', "must be YAML or JSON: while parsing a flow node"),
        ("name: a\x00b", "must be YAML or JSON without special characters"),
        (b"\xff\xfe", "must be text in UTF-8"),
        ("[" * 900, "must not be nested so deeply"),
        ("x" * 140_000, "must be at most 128 KiB long"),
        ("", "must be an object, that is, names with values (it is null)"),
        ("[]", "must be an object, that is, names with values (it is [])"),
    ],
)
def test_text_that_is_no_rubric(text: bytes | str, message: str) -> None:
    with pytest.raises(RubricInvalid) as caught:
        read_rubric(text)
    (error,) = caught.value.errors
    assert error.path == ""
    assert error.message.startswith(message)
