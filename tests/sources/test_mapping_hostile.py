"""Whatever is posted, a mapping answers with events, refusals or Malformed, in bounded time."""

import json
import time
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Invalid, Malformed
from app.sources.adapter import Incoming
from app.sources.mapping.adapter import MappingAdapter
from app.sources.mapping.expression import read_expression
from app.sources.mapping.reading import read_mapping
from app.sources.presets import preset
from app.sources.registry import PRESETS
from tests.support.mappings import ITEM, MINIMAL, RECEIVED_AT, adapter, translated

KINDS = sorted(PRESETS)
# Names and words that presets look at, so that what is made up gets past the first look.
WORDS = sorted(
    {
        word.strip("'\"")
        for kind in KINDS
        for word in json.dumps(preset(kind).document.model_dump(mode="json")).replace("(", " ").split()
        for word in word.replace(".", " ").replace('\\"', " ").replace(",", " ").split()
        if word.isidentifier()
    }
    | {"", "message-id", "data[email]", "contact[fields][partner_id]", "\x00", "\ud83d", "email.opened"}
)
texts = st.sampled_from(WORDS) | st.text(max_size=8) | st.just("\ud83d\x00")
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | texts | st.sampled_from([10**400, 1763000030])
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=6),
    max_leaves=30,
)


def requests() -> st.SearchStrategy[Incoming]:
    as_json = values.map(json.dumps).map(str.encode)
    as_form = st.dictionaries(texts, texts | as_json.map(bytes.decode), max_size=8).map(
        lambda fields: urlencode(fields, errors="surrogatepass").encode()
    )
    headers = st.dictionaries(
        st.sampled_from(
            ["content-encoding", "authorization", "x-cio-timestamp", "calendly-webhook-signature"]
        ),
        st.sampled_from(["gzip", "Basic !", "t=nan,v1=0", "\ud83d", "1763000030"]),
    )
    bodies = as_json | as_form | st.binary(max_size=200)
    methods = st.sampled_from(["POST", "POST", "GET", "HEAD", "OPTIONS"])
    return st.builds(Incoming, headers, bodies, st.dictionaries(texts, texts, max_size=2), methods)


def answered(source: MappingAdapter, request: Incoming) -> None:
    source.verify(request, ["s3", "a:b"], received_at=RECEIVED_AT)
    source.handshake(request, ["s3", "a:b"])
    try:
        once = source.translate(request, {}, received_at=RECEIVED_AT)
    except Malformed:
        return
    again = source.translate(request, {}, received_at=RECEIVED_AT)
    assert [event.digest() for event in once.events] == [event.digest() for event in again.events]
    assert [event.id for event in once.events] == [event.id for event in again.events]
    json.dumps([each.item for each in once.refused])


@pytest.mark.parametrize("kind", KINDS)
@given(request=requests())
def test_a_preset_never_raises_but_malformed(kind: str, request: Incoming) -> None:
    answered(preset(kind), request)


@given(sample=st.dictionaries(texts, values, max_size=6), at=st.integers(0, 2))
def test_an_item_of_any_kind_harms_no_neighbour(sample: dict[str, Any], at: int) -> None:
    items = [{**ITEM, "id": "ev-1"}, {**ITEM, "id": "ev-2"}]
    items.insert(at, sample)
    found = [event.id for event in translated(items).events]
    assert [each for each in found if each in {"ev-1", "ev-2"}] == ["ev-1", "ev-2"]


SIGNS = "abc()[]{}.|&!@*?=<>'`\"\\,: 01\x00\ud83d"


@given(text=st.text(st.sampled_from(SIGNS), max_size=40) | st.text(max_size=20))
def test_any_text_is_an_expression_that_works_or_is_refused(text: str) -> None:
    try:
        source = adapter(contact=[text], properties={"p": [text]})
    except Invalid:
        return
    answered(source, Incoming({}, json.dumps([ITEM, {"a": [1, {"b": "c"}]}]).encode(), {}))


@given(
    document=st.dictionaries(st.sampled_from([*MINIMAL, "steps", "items", "verdict", "challenge"]), values)
)
def test_any_document_is_a_mapping_or_invalid(document: dict[str, Any]) -> None:
    with suppress(Invalid):
        read_mapping({**MINIMAL, **document})


GREEDY = "[root()[*].[root()[*].id]] | [0] && email"


def test_what_one_item_takes_is_not_taken_from_the_others() -> None:
    items = [{**ITEM, "id": str(n), "more": list(range(20_000 if n == 3 else 1))} for n in range(100)]
    translation = translated(items, contact=["more[?@ == `-1`]", "email"])
    (refused,) = translation.refused
    assert "takes more work than is allowed" in refused.reason
    assert len(translation.events) == 99


def test_a_request_takes_seconds_at_most_whatever_the_mapping() -> None:
    body = [{**ITEM, "id": str(n)} for n in range(2_000)]
    started = time.perf_counter()
    translation = translated(body, contact=GREEDY)
    assert len(translation.refused) == 2_000
    assert time.perf_counter() - started < 30


def test_items_that_all_share_one_large_value_cost_what_they_would_apart() -> None:
    body = {"to": [str(n) for n in range(2_000)], "note": ["x"] * 100_000}
    started = time.perf_counter()
    translation = translated(
        body, items={"fan": "to"}, id="fan()", contact="fan()", properties={"note": "note"}
    )
    assert len(translation.refused) == 2_000
    assert time.perf_counter() - started < 30


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"[" + b"9" * 900_000 + b"]",
        b"[]" * 2,
        b"\xff",
        b"nan",
        b"{}" + b"\x00",
    ],
    ids=["deep-list", "deep-object", "digits", "two", "byte", "word", "nul"],
)
def test_absurd_bodies_are_malformed_or_refused(body: bytes) -> None:
    answered(adapter(), Incoming({}, body, {}))


def test_expressions_of_any_length_are_read_in_no_time() -> None:
    started = time.perf_counter()
    for text in ("a." * 200 + "a", "a||" * 150 + "a", "[" * 300, "'" * 500, "`" * 500, "a[?" * 150):
        try:
            read_expression(text)
        except ValueError:
            continue
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize("value", ["\ud83d" * 50_000, "\x00", {"a": "\ud83d"}], ids=["half", "nul", "inside"])
def test_a_reason_can_be_stored_whatever_it_is_about(value: object) -> None:
    parts = {"contact": ["lower(x)", "join('', x)"], "verdict": [{"when": "floor(x)", "because": "b"}]}
    (refused,) = translated({"id": "1", "x": value}, **parts).refused
    assert refused.reason.encode().isascii() or refused.reason.isprintable()
    assert len(refused.reason) < 500


def test_a_sentence_to_tell_can_be_stored_whatever_is_in_it() -> None:
    source = adapter(challenge=[{"when": "token", "tell": "use {token}"}])
    request = Incoming({}, json.dumps({"token": "a\ud83d\x00b"}).encode(), {})
    (refused,) = source.translate(request, {}, received_at=RECEIVED_AT).refused
    assert refused.reason == "use ab"
