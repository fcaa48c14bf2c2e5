"""The bodies that events come in: one, an array, NDJSON; what cannot be read is refused as a whole."""

import json

import httpx2
import pytest

from tests.api.calls import click, every, is_problem

NDJSON = "application/x-ndjson"


async def send(client: httpx2.AsyncClient, content: bytes | str, kind: str | None) -> httpx2.Response:
    headers = {"Content-Type": kind} if kind else {}
    return await client.post("/v1/events", content=content, headers=headers)


async def test_ndjson(client: httpx2.AsyncClient) -> None:
    lines = [json.dumps(click(f"evt-{n}")) for n in range(3)]
    answer = await send(client, "\n".join(lines) + "\n", NDJSON)
    assert answer.json()["accepted"] == 3


async def test_ndjson_with_blank_lines_and_windows_line_ends(client: httpx2.AsyncClient) -> None:
    answer = await send(client, f"\r\n{json.dumps(click('a'))}\r\n\r\n{json.dumps(click('b'))}\r\n", NDJSON)
    assert [each["id"] for each in answer.json()["results"]] == ["a", "b"]


@pytest.mark.parametrize(
    "bad",
    [
        b"{",
        b"not json",
        b'{"id": "x"} trailing',
        b'{"id": "\xff"}',
        b'{"id": "\\ud800"}',
        b'{"id": NaN}',
        b'{"id": "x", "id": "y"}',
        b"[" * 100_000,
        b'{"id": 1' + b"0" * 5_000 + b"}",
        b"7",
    ],
    ids=lambda bad: str(bad[:20]),
)
async def test_bad_line_harms_no_neighbour(client: httpx2.AsyncClient, bad: bytes) -> None:
    good = [json.dumps(click(id_)).encode() for id_ in "ab"]
    answer = await send(client, b"\n".join([good[0], bad, good[1]]), NDJSON)
    results = answer.json()["results"]
    assert [each["status"] for each in results] == ["accepted", "rejected", "accepted"]
    assert results[1]["errors"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"7",
        b'"text"',
        b"null",
        b"\xef\xbb\xbf{}",
        b'{"id": "\xff"}',
        b'{"id": "\\ud800"}',
        b'[{"id": "a"}, {"x": NaN}]',
        b'[{"id": "a"}, {"x": Infinity}]',
        b'{"id": "x", "id": "y"}',
        b'{"id": "x"} {"id": "y"}',
        b"[" * 100_000,
        b'{"id": 1' + b"0" * 5_000 + b"}",
    ],
    ids=lambda body: str(body[:25]),
)
async def test_unreadable_body(client: httpx2.AsyncClient, body: bytes) -> None:
    assert is_problem(await send(client, body, "application/json"), 400, "malformed")


@pytest.mark.parametrize(
    ("body", "kind"), [(b"[]", "application/json"), (b"", NDJSON), (b"\n\n", NDJSON)], ids=repr
)
async def test_nothing_to_do(client: httpx2.AsyncClient, body: bytes, kind: str) -> None:
    answer = await send(client, body, kind)
    assert (answer.status_code, answer.json()["results"]) == (200, [])


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/x-www-form-urlencoded"])
async def test_wrong_content_type(client: httpx2.AsyncClient, kind: str) -> None:
    answer = await send(client, json.dumps(click()), kind)
    assert is_problem(answer, 415, "unsupported_media_type")
    assert NDJSON in answer.json()["detail"]


@pytest.mark.parametrize("kind", [None, "application/json; charset=utf-8", "APPLICATION/JSON"])
async def test_content_type_is_read_leniently(client: httpx2.AsyncClient, kind: str | None) -> None:
    assert (await send(client, json.dumps(click()), kind)).json()["accepted"] == 1


@pytest.mark.parametrize(
    ("count", "status"), [(1_000, 200), (1_001, 413)], ids=["the most", "one more than the most"]
)
async def test_most_events_in_an_array(client: httpx2.AsyncClient, count: int, status: int) -> None:
    answer = await send(client, json.dumps([click(f"evt-{n}") for n in range(count)]), "application/json")
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("count", "status"), [(10_000, 200), (10_001, 413)], ids=["the most", "one more than the most"]
)
async def test_most_events_in_ndjson(client: httpx2.AsyncClient, count: int, status: int) -> None:
    # The same line again and again: what is tested is how many are read.
    answer = await send(client, (json.dumps(click()) + "\n") * count, NDJSON)
    assert answer.status_code == status
    if status == 413:
        assert is_problem(answer, 413, "too_large")
        assert await every(client, "/v1/events") == []
