"""What a stream does beside telling: it says that it lives, and it takes no more than its share."""

import httpx2

from tests.api.calls import is_problem, raise_hand, until
from tests.support.service import running
from tests.support.sse import PATH, refusal, streaming

REP = "rep@vendor.example"


async def test_a_heartbeat_when_there_is_nothing_to_tell(client: httpx2.AsyncClient) -> None:
    async with streaming(client) as stream:
        began = stream.last_id
        for _ in range(3):
            assert (await stream.block()).fields == {"comment": "heartbeat", "id": str(began)}


async def test_a_heartbeat_says_how_far_a_stream_is_for_which_there_was_nothing(
    client: httpx2.AsyncClient,
) -> None:
    async with streaming(client, owner=REP) as stream, streaming(client) as everything:
        await raise_hand(client)
        other = await everything.event()
        while stream.last_id != other.id:
            assert (await stream.block()).fields["comment"] == "heartbeat"


async def test_no_more_streams_than_allowed(database_url: str) -> None:
    async with (
        running(database_url, stream_limit=2) as service,
        service.client(await service.program()) as client,
    ):
        async with streaming(client), streaming(client):
            refused = await refusal(client)
            assert is_problem(refused, 429, "overloaded")
            assert int(refused.headers["retry-after"]) > 0

        async def is_free() -> bool:
            async with client.stream("GET", PATH) as answer:
                return answer.status_code == 200

        await until(is_free)
