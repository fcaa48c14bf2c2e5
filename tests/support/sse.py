"""A client of Server-Sent Events, as the standard has it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2

PATH = "/v1/handoffs/stream"
SECONDS = 30
"""Longer than anything takes that comes at all."""


@dataclass(frozen=True)
class Block:
    """What stands between two blank lines; an event if it has data."""

    fields: dict[str, str]

    @property
    def id(self) -> int:
        """Its place in the queue."""
        return int(self.fields["id"])

    @property
    def type(self) -> str:
        """The type of the event."""
        return self.fields["event"]

    @property
    def body(self) -> dict[str, Any]:
        """What the event says."""
        said: dict[str, Any] = json.loads(self.fields["data"])
        return said

    @property
    def move(self) -> tuple[str, str]:
        """Whose hand-off has moved how."""
        return self.body["data"]["partner"]["id"], self.body["data"]["move"]["move"]


@dataclass
class Stream:
    """One connection, which remembers the last id that it was sent in a whole block."""

    answer: httpx2.Response
    last_id: int | None = None
    blocks: AsyncIterator[Block] = field(init=False)

    def __post_init__(self) -> None:
        self.blocks = self._blocks()

    async def block(self) -> Block:
        """The next block. Raises StopAsyncIteration when the server has ended the stream."""
        async with asyncio.timeout(SECONDS):
            return await anext(self.blocks)

    async def event(self) -> Block:
        """The next event."""
        while "data" not in (block := await self.block()).fields:
            pass
        return block

    async def events(self, count: int) -> list[Block]:
        """The next events."""
        return [await self.event() for _ in range(count)]

    async def _blocks(self) -> AsyncIterator[Block]:
        fields: dict[str, str] = {}
        async for line in self.answer.aiter_lines():
            if line:
                name, _, value = line.partition(":")
                assert name not in fields, "a field may be written over several lines, but ours are not"
                fields[name or "comment"] = value.removeprefix(" ")
                continue
            block, fields = Block(fields), {}
            if "id" in block.fields:
                self.last_id = block.id
            yield block


@asynccontextmanager
async def streaming(
    client: httpx2.AsyncClient, *, after: int | None = None, **parameters: Any
) -> AsyncIterator[Stream]:
    """A stream that has begun; `after` is sent as Last-Event-ID."""
    headers = {} if after is None else {"Last-Event-ID": str(after)}
    async with client.stream("GET", PATH, params=parameters, headers=headers) as answer:
        answer.raise_for_status()
        stream = Stream(answer)
        await stream.block()
        yield stream


async def refusal(client: httpx2.AsyncClient, **given: Any) -> httpx2.Response:
    """The answer to who does not get a stream."""
    async with asyncio.timeout(SECONDS), client.stream("GET", PATH, **given) as answer:
        assert answer.status_code != 200
        await answer.aread()
    return answer
