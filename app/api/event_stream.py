"""Server-Sent Events: an answer without an end, to a client that keeps taking what it is sent."""

import asyncio
from collections.abc import AsyncIterator

import structlog
from starlette.responses import StreamingResponse
from starlette.types import Message, Send

log = structlog.get_logger()

# A proxy must neither keep it nor wait for more of it.
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class EventStream(StreamingResponse):
    """A stream that is cut off when the client takes nothing for `patience` seconds.

    What may wait for a client is one block, beside what the server and the system buffer.
    """

    media_type = "text/event-stream"

    def __init__(self, blocks: AsyncIterator[bytes], *, patience: float) -> None:
        super().__init__(blocks, headers=HEADERS)
        self._patience = patience

    async def stream_response(self, send: Send) -> None:
        """Send block by block, each in time."""

        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(self._patience):
                await send(message)

        try:
            await super().stream_response(send_in_time)
        except TimeoutError:
            log.info("a client of a stream took nothing any more; it was cut off", seconds=self._patience)
