"""Limits on what events carry: the same verdict on both databases, and what is accepted comes back."""

import json
from typing import Any

import httpx2
import pytest

from tests.api.calls import Json, click, every, post


def nested(depth: int) -> Any:
    """An object this deep, itself included."""
    return {"in": nested(depth - 1)} if depth > 1 else {}


# The name of the property and its value, as JSON is written.
ACCEPTED = {
    "64 KiB": {"x": "y" * (64 * 1024 - len('{"x": ""}'))},
    "depth 32": nested(32),
    "1,000 keys": {str(n): n for n in range(1_000)},
    "2^53 - 1": {"x": 2**53 - 1, "y": -(2**53) + 1},
    "floats": {"big": 1e308, "small": 5e-324, "negative": -0.5},
    "text": {"x": "Zürich € 😀 \u2028 \\ \" '", "": "empty key", "größe": [1, "two", None, True]},
}
REJECTED = {
    "over 64 KiB": json.dumps({"x": "y" * (64 * 1024 - len('{"x": ""}') + 1)}),
    "depth 33": json.dumps(nested(33)),
    "1,001 keys": json.dumps({str(n): n for n in range(1_001)}),
    "2^53": '{"x": 9007199254740992}',
    "2^63": '{"x": [9223372036854775808]}',
    "1e999": '{"x": 1e999}',
    "NUL": r'{"x": "a\u0000b"}',
    "NUL in a key": r'{"a\u0000b": 1}',
    "NUL in a list": r'{"x": [["a\u0000"]]}',
}


@pytest.mark.parametrize("properties", ACCEPTED.values(), ids=ACCEPTED)
async def test_accepted_and_given_back(client: httpx2.AsyncClient, properties: Json) -> None:
    (result,) = await post(client, click(properties=properties))
    assert result["status"] == "accepted"
    (event,) = await every(client, "/v1/events")
    assert event["properties"] == properties


@pytest.mark.parametrize("properties", REJECTED.values(), ids=REJECTED)
async def test_rejected_alone(client: httpx2.AsyncClient, properties: str) -> None:
    bad = json.dumps(click("bad"))[:-1] + f', "properties": {properties}}}'
    answer = await client.post(
        "/v1/events",
        content=f"[{json.dumps(click('good'))}, {bad}]",
        headers={"Content-Type": "application/json"},
    )
    good, refused = answer.json()["results"]
    assert (good["status"], refused["status"]) == ("accepted", "rejected")
    assert refused["errors"][0]["path"] == "properties"
