"""Bare clients that post one message over and over: `python -m benchmarks.posting CLIENT URL NUMBER`."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from time import perf_counter

import aiohttp
import httpx2
from pyreqwest.client import ClientBuilder

from benchmarks.message import BODY, HEADERS

AT_ONCE = 64

Post = Callable[[], Awaitable[object]]


async def with_pyreqwest(url: str, number: int) -> float:
    """Seconds for so many posts."""
    async with ClientBuilder().build() as client:

        async def post() -> object:
            answer = await client.post(url).headers(HEADERS).body_bytes(BODY).build().send()
            return await answer.bytes()

        return await _timed(post, number)


async def with_aiohttp(url: str, number: int) -> float:
    """Seconds for so many posts."""
    connector = aiohttp.TCPConnector(limit=AT_ONCE)
    async with aiohttp.ClientSession(connector=connector, headers=HEADERS) as client:

        async def post() -> object:
            async with client.post(url, data=BODY) as answer:
                return await answer.read()

        return await _timed(post, number)


async def with_httpx2(url: str, number: int) -> float:
    """Seconds for so many posts."""
    limits = httpx2.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
    async with httpx2.AsyncClient(limits=limits, headers=HEADERS, trust_env=False) as client:
        return await _timed(lambda: client.post(url, content=BODY), number)


async def _timed(post: Post, number: int) -> float:
    left = iter(range(number))

    async def one_after_the_other() -> None:
        for _ in left:
            await post()

    start = perf_counter()
    await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))
    return perf_counter() - start


CLIENTS = {"pyreqwest": with_pyreqwest, "aiohttp": with_aiohttp, "httpx2": with_httpx2}


if __name__ == "__main__":
    print(asyncio.run(CLIENTS[sys.argv[1]](sys.argv[2], int(sys.argv[3]))), flush=True)
    # At once: pyreqwest's threads outlive the interpreter, and bring it down when it ends in good order.
    os._exit(0)
