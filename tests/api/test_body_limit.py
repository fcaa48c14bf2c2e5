"""Bodies over the limit are refused, said or sent; those at the limit are taken."""

import json
from collections.abc import AsyncIterator

import httpx2
import pytest

from tests.api.calls import click, is_problem

MIB = 1024 * 1024
NDJSON = "application/x-ndjson"
LIMITS = [("application/json", MIB), (NDJSON, 16 * MIB)]


def padded(size: int) -> bytes:
    return json.dumps(click()).encode().ljust(size)


async def in_chunks(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 64 * 1024):
        yield body[start : start + 64 * 1024]


async def send(client: httpx2.AsyncClient, body: bytes, kind: str, *, chunked: bool) -> httpx2.Response:
    content = in_chunks(body) if chunked else body
    return await client.post("/v1/events", content=content, headers={"Content-Type": kind})


@pytest.mark.parametrize("chunked", [False, True], ids=["by length", "in chunks"])
@pytest.mark.parametrize(("kind", "limit"), LIMITS)
async def test_at_the_limit(client: httpx2.AsyncClient, kind: str, limit: int, chunked: bool) -> None:
    answer = await send(client, padded(limit), kind, chunked=chunked)
    assert (answer.status_code, answer.json()["accepted"]) == (200, 1)


@pytest.mark.parametrize("chunked", [False, True], ids=["by length", "in chunks"])
@pytest.mark.parametrize(("kind", "limit"), LIMITS)
async def test_over_the_limit(client: httpx2.AsyncClient, kind: str, limit: int, chunked: bool) -> None:
    answer = await send(client, padded(limit + 1), kind, chunked=chunked)
    assert is_problem(answer, 413, "too_large")
    assert str(limit) in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/v1/partners/acme", "/v1/contacts/jo"])
async def test_forms_have_the_limit_too(client: httpx2.AsyncClient, path: str) -> None:
    for body in (b"{" + b" " * MIB + b"}", in_chunks(b"{" + b" " * MIB + b"}")):
        answer = await client.put(path, content=body, headers={"Content-Type": "application/json"})
        assert is_problem(answer, 413, "too_large")
