"""A mapping is read whole or not at all; every error has its path and says what is allowed."""

import json
from typing import Any

import pytest

from app.errors import FieldError, Invalid
from app.sources.mapping.reading import mapping_schema, read_mapping
from app.sources.presets import preset
from app.sources.registry import MAPPING, PRESETS, mapping_adapter
from tests.support.mappings import MINIMAL

SIGNED = {"by": "signature", "signature": {"header": "X-Signature"}, "over": "{body}"}


def faults(**parts: object) -> list[FieldError]:
    with pytest.raises(Invalid) as caught:
        read_mapping({**MINIMAL, **parts})
    return list(caught.value.errors)


def test_what_must_be_there() -> None:
    with pytest.raises(Invalid) as caught:
        read_mapping({})
    assert [(each.path, each.message) for each in caught.value.errors] == [
        (name, "is required") for name in ("name", "verify", "type", "id")
    ]
    assert caught.value.detail == "name is required. There are 3 more errors."


@pytest.mark.parametrize("text", [json.dumps(MINIMAL), json.dumps(MINIMAL).encode()])
def test_json_and_yaml_say_the_same(text: str | bytes) -> None:
    assert read_mapping(text) == read_mapping(MINIMAL)


@pytest.mark.parametrize(
    ("parts", "path", "message"),
    [
        ({"typ": "a"}, "typ", "did you mean type?"),
        ({"verify": {"by": "magic"}}, "verify", "one of path, basic, bearer, header, query, signature"),
        ({"verify": {**SIGNED, "heder": "x"}}, "verify.heder", "is not known here; allowed are"),
        ({"verify": {**SIGNED, "over": "{bdy}"}}, "verify", "must not have {bdy} in `over`"),
        ({"verify": {**SIGNED, "over": "{secret}"}}, "verify", "must sign something of the request"),
        ({"verify": {**SIGNED, "over": "{ts}{body}"}}, "verify", "must have `timestamp` with {ts}"),
        ({"verify": {**SIGNED, "id": {"header": "x"}}}, "verify", "must have `timestamp` with {ts}"),
        ({"verify": {**SIGNED, "algorithm": "sha1"}}, "verify", "must have {secret} in `over`"),
        ({"verify": {**SIGNED, "algorithm": "md5"}}, "verify.algorithm", "must be one of hmac-sha256"),
        ({"verify": {**SIGNED, "signature": {}}}, "verify.signature", "exactly one of header, query, body"),
        ({"verify": {**SIGNED, "signature": {"header": "X: "}}}, "verify.signature.header", "of a header"),
        ({"type": "Opened"}, "type", "must look like email.opened"),
        ({"type": "score.adjusted"}, "type", "those types are the service's own"),
        ({"type": {"of": "t", "table": {"x": "X Y"}}}, "type.table.x", "must look like email.opened"),
        ({"type": {"of": ["a", "b"], "table": {"x": "y"}}}, "type", 'must have 2 parts in "x"'),
        ({"type": {"of": "t", "table": {}}}, "type.table", "must have at least 1 entry"),
        ({"id": []}, "id", "must have at least 1 entry"),
        ({"id": ["a", "b."]}, "id.1", "must be a JMESPath expression: "),
        ({"occurred_at": "now"}, "occurred_at.0", "must be one of received"),
        ({"occurred_at": {"at": "t", "unit": "h"}}, "occurred_at.0.unit", "must be one of iso, s, ms"),
        ({"occurred_at": {"at": "t", "zone": "Mars"}}, "occurred_at.0.zone", "must be an IANA time zone"),
        ({"contact": None}, "", "must have contact or partner"),
        ({"items": {"at": "a", "entries": "b"}}, "items", "must have `at` or `entries`, not both"),
        ({"decode": "xml"}, "decode", "must be one of json, form"),
        ({"steps": ["Paste it."]}, "", "where {url} goes"),
        ({"verdict": [{"when": "a", "because": "b", "verdict": "no"}]}, "verdict.0.verdict", "be one of"),
        ({"challenge": [{}]}, "challenge.0", "must have exactly one of methods, when"),
        ({"challenge": [{"methods": ["GET"], "unsigned": True}]}, "challenge.0", "must have `when` for"),
        ({"challenge": [{"when": "a", "tell": "do {b.}"}]}, "challenge.0", "must be a JMESPath expression"),
        ({"response": {"status": 503}}, "response.status", "must be at most 299"),
        ({"name": "a\x00b"}, "name", "must not contain control characters"),
    ],
)  # fmt: skip
def test_an_error_names_its_path_and_says_what_is_allowed(
    parts: dict[str, object], path: str, message: str
) -> None:
    (fault,) = faults(**parts)
    assert fault.path == path
    assert message in fault.message


@pytest.mark.parametrize(
    "expression",
    [
        "", " ", "a.", "a[", "a b", "&a", "a.[&b]", "sort_by(a, b)", "lower(&a)", "lower()", "nope(a)",
        "key(a)", "!" * 50 + "a", "(" * 200 + "a" + ")" * 200, "a" * 501, "[" * 400, "`{`", 7, None, True, {},
    ],
)  # fmt: skip
def test_what_is_no_expression_is_refused(expression: object) -> None:
    assert faults(contact=[expression])[0].path == "contact.0"


def test_a_slip_in_a_functions_name_is_hinted_at() -> None:
    assert "did you mean parse_json?" in faults(contact="parse_jsn(a)")[0].message


@pytest.mark.parametrize(
    "text",
    ["", "- a", "a: &b c", "a: 1\na: 2", "x" * 200_000, b"\xff", "[" * 5_000, "\x00"],
    ids=["empty", "list", "anchor", "twice", "long", "bytes", "deep", "nul"],
)
def test_text_that_is_no_mapping(text: str | bytes) -> None:
    with pytest.raises(Invalid):
        read_mapping(text)


@pytest.mark.parametrize("kind", sorted(PRESETS))
def test_a_mapping_survives_being_written_down(kind: str) -> None:
    document = preset(kind).document
    written = document.model_dump(mode="json", exclude_unset=True)
    assert read_mapping(json.dumps(written)) == document


def test_the_schema_admits_one_expression_or_several() -> None:
    contact = mapping_schema()["properties"]["contact"]
    single, several = contact["anyOf"]
    assert (single["type"], several["type"], several["items"]) == ("string", "array", single)


def test_the_schema_is_the_readers_to_change() -> None:
    mapping_schema().clear()
    assert mapping_schema()["title"] == "MappingDocument"


def test_a_users_own_mapping_is_an_adapter() -> None:
    source: Any = mapping_adapter(json.dumps(MINIMAL))
    assert (source.kind, source.document.name) == (MAPPING, "Acme Mail")
    assert mapping_adapter(json.dumps(MINIMAL)) is source
