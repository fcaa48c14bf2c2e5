"""What platforms write is read loosely: texts, numbers, times, gzip, and names made of several."""

import gzip
import json
import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.errors import Malformed
from app.sources.adapter import Meaning
from app.sources.masking import link, told
from app.sources.moments import any_iso, from_iso, from_milliseconds, from_seconds
from app.sources.names import joined, name_of
from app.sources.reading import inflated, loose_json, part, translated

NOW = datetime(2026, 3, 12, 15, 0, tzinfo=UTC)
AT = datetime(2025, 11, 13, 2, 28, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("a", "a"),
        (" a ", "a"),
        (7, "7"),
        ("", None),
        (" ", None),
        (True, None),
        (7.5, None),
        (None, None),
        ([], None),
    ],
)
def test_a_name_is_a_text_or_a_whole_number(value: object, name: str | None) -> None:
    assert name_of(value) == name


PARTS = st.lists(st.text(alphabet="a|%7C", max_size=4), min_size=3, max_size=3)


@given(PARTS, PARTS)
@example(["|", "", ""], ["%7C", "", ""])
@example(["a|", "b", ""], ["a", "|b", ""])
def test_unlike_parts_have_unlike_names(one: list[str], other: list[str]) -> None:
    assert (joined(*one) == joined(*other)) == (one == other)


def test_a_long_name_is_short_enough_and_still_its_own() -> None:
    one, other = joined("x" * 300, "a"), joined("x" * 300, "b")
    assert len(one) < 50
    assert one != other


@pytest.mark.parametrize("value", [1763000900, 1763000900.0, "1763000900", "1763000900.0"])
def test_seconds(value: object) -> None:
    assert from_seconds(value, name="t", received_at=NOW) == AT


@pytest.mark.parametrize("value", [1763000900000, "1763000900000"])
def test_milliseconds(value: object) -> None:
    assert from_milliseconds(value, name="t", received_at=NOW) == AT


@pytest.mark.parametrize(
    "value", ["2025-11-13T02:28:20Z", "2025-11-13T03:28:20+01:00", "2025-11-13T02:28:20.0000000+00:00"]
)
def test_iso(value: object) -> None:
    assert from_iso(value, name="t", received_at=NOW) == AT


@pytest.mark.parametrize(
    "value", [None, True, "soon", "", [], float("nan"), float("inf"), 10**400, -1, "9" * 5_000]
)
@pytest.mark.parametrize("read", [from_seconds, from_milliseconds, from_iso])
def test_what_is_no_time_says_which_field(read: object, value: object) -> None:
    assert callable(read)
    with pytest.raises(ValueError, match="`t` must be"):
        read(value, name="t", received_at=NOW)


@pytest.mark.parametrize(
    "value", ["1999-12-31T23:59:59Z", "2026-03-13T15:00:01Z", "0001-01-01T00:00:00+23:00"]
)
def test_nothing_happened_before_or_after_all_that_can_have(value: str) -> None:
    with pytest.raises(ValueError, match="`t`"):
        from_iso(value, name="t", received_at=NOW)


def test_a_clock_a_little_ahead_is_not_judged_here() -> None:
    ahead = NOW + timedelta(hours=23)
    assert from_iso(ahead.isoformat(), name="t", received_at=NOW) == ahead


@pytest.mark.parametrize("value", ["2025-11-13T02:28:20", "2025-11-13", "0001-01-01T00:00:00+23:00"])
def test_a_time_without_a_zone_is_none(value: str) -> None:
    with pytest.raises(ValueError, match="ISO 8601 time with a zone"):
        any_iso(value, name="t")


@pytest.mark.parametrize(
    ("body", "document"),
    [
        (b"[1]", [1]),
        (b'"\xff"', "\udcff"),
        (b'"\\ud83d"', "\ud83d"),
        (b"1" * 5_000, float("inf")),
        (b"12345678901234567890", 12345678901234567890),
        ('"text"', "text"),
    ],
)
def test_json_is_read_loosely(body: bytes | str, document: object) -> None:
    assert loose_json(body) == document


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"\xff"])
def test_but_it_must_be_json(body: bytes) -> None:
    with pytest.raises(Malformed):
        loose_json(body)


@pytest.mark.parametrize(
    ("document", "found"),
    [({"a": {"b": {"c": 1}}}, {"c": 1}), ({"a": {"b": 7}}, {}), ({"a": []}, {}), (None, {}), ("a", {})],
)
def test_a_part_is_an_object_or_empty(document: object, found: object) -> None:
    assert part(document, "a", "b") == found


@pytest.mark.parametrize("encoding", ["gzip", " GZIP "])
def test_gzip_is_undone(encoding: str) -> None:
    assert inflated(gzip.compress(b"plain"), encoding, most=5) == b"plain"
    assert inflated(b"plain", "", most=5) == b"plain"


@pytest.mark.parametrize(
    "body", [gzip.compress(b"plain!"), gzip.compress(bytes(10_000_000))], ids=["one more", "a bomb"]
)
def test_but_not_beyond_the_bound(body: bytes) -> None:
    with pytest.raises(Malformed, match="over 5 bytes"):
        inflated(body, "gzip", most=5)


def test_and_what_is_beyond_is_not_even_made() -> None:
    bomb = gzip.compress(bytes(10_000_000))
    tracemalloc.start()
    with pytest.raises(Malformed):
        inflated(bomb, "gzip", most=5)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


def test_what_is_read_may_nest_too_deep_for_its_reader() -> None:
    deep = loose_json(b"[" * 500 + b"]" * 500)

    def read(item: object) -> Meaning:
        told({"x": item})
        raise RecursionError

    (first, second) = translated([deep, 7], read).refused
    assert ("nested deeper" in first.reason, second.reason) == (True, "the item is nested too deep")


def test_of_too_many_items_one_is_refused_for_all_the_rest() -> None:
    translation = translated(iter(range(100_000)), lambda item: Meaning())
    (refused,) = translation.refused
    assert (len(translation.items), refused.item) == (2_001, 2_000)
    assert "all after it were not read" in refused.reason


def test_told_drops_what_is_missing_and_masks_addresses_everywhere() -> None:
    fields = {"a": None, "b": ["jo@acme.example", {"c": "x jo%40acme.example y"}], "d": 7, "e": False}
    assert told(fields) == {"b": ["(address)", {"c": "x (address) y"}], "d": 7, "e": False}


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://v.example/a?b", {"url": "https://v.example/a?b", "path": "/a"}),
        ("https://v.example", {"url": "https://v.example", "path": "/"}),
        ("https://[broken", {"url": "https://[broken"}),
        ("", {}),
        (7, {}),
    ],
)
def test_a_link_has_a_path(url: object, found: object) -> None:
    assert link(url) == found


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda x: st.lists(x) | st.dictionaries(st.text(), x),
    )
)
def test_told_tells_what_any_json_holds(value: object) -> None:
    json.dumps(told({"x": value}))
