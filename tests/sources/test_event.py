"""What the properties of an event may be, whatever is in them."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sources.event import MAX_DEPTH, MAX_PROPERTIES_BYTES, properties_within_limits

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
SCALAR = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
)
FORBIDDEN = st.sampled_from(["\x00", "a\x00", "\ud800", float("inf"), float("nan"), 2**53, -(2**53)])


def full(value: Any, size: int) -> dict[str, Any]:
    """Properties of so many bytes, made of this value again and again."""
    some = {"": [value] * (size // (length(value) + 2) - 20), "padding": ""}
    return some | {"padding": "x" * (size - length(some))}


def length(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode())


@given(SCALAR | st.lists(SCALAR))
def test_the_size_counts_to_the_byte(value: Any) -> None:
    at_the_limit = full(value, MAX_PROPERTIES_BYTES)
    assert properties_within_limits(at_the_limit) is at_the_limit
    with pytest.raises(ValueError, match="bytes as JSON"):
        properties_within_limits(full(value, MAX_PROPERTIES_BYTES + 1))


@given(FORBIDDEN, st.lists(st.booleans(), max_size=MAX_DEPTH - 2))
def test_nothing_forbidden_is_missed_however_deep(bad: Any, path: list[bool]) -> None:
    for is_list in path:
        bad = [1, bad] if is_list else {"a": None, "in": bad}
    with pytest.raises(ValueError, match=r"must (not )?contain"):
        properties_within_limits({"first": "x", "then": bad})


@given(st.lists(st.booleans(), min_size=MAX_DEPTH - 2, max_size=MAX_DEPTH))
def test_depth_counts_lists_and_what_is_in_them(path: list[bool]) -> None:
    value: Any = 1
    for is_list in path:
        value = [value] if is_list else {"in": value}
    if len(path) + 2 > MAX_DEPTH:
        with pytest.raises(ValueError, match="deeper"):
            properties_within_limits({"x": value})
    else:
        assert properties_within_limits({"x": value}) == {"x": value}
