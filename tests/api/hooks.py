"""What tests of webhooks say again and again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2

from tests.api.calls import Json
from tests.support.receiver import Receiver


@asynccontextmanager
async def listening(client: httpx2.AsyncClient, **settings: Any) -> AsyncIterator[tuple[Receiver, str]]:
    """A receiver, and the id of a webhook that is sent to it."""
    async with Receiver("") as receiver:
        form = {"url": receiver.url, "types": ["handoff.opened"]} | settings
        made = (await client.post("/v1/webhooks", json=form)).raise_for_status().json()
        receiver.secret = made["secret"]
        yield receiver, made["id"]


async def call(client: httpx2.AsyncClient, path: str, **body: Any) -> Json:
    """POST; the answer, which must be a success."""
    answer = await client.post(path, json=body or None)
    assert answer.is_success, answer.text
    found: Json = answer.json()
    return found


async def comes_to(client: httpx2.AsyncClient, path: str, *, within: float = 10, **wanted: Any) -> Json:
    """Wait until what is at `path` has these values."""
    async with asyncio.timeout(within):
        while True:
            found: Json = (await client.get(path)).raise_for_status().json()
            if wanted.items() <= found.items():
                return found
            await asyncio.sleep(0.02)
