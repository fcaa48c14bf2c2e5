"""What must be true after a storm; each checker raises AssertionError."""

from collections import Counter

import httpx2
import pytest

from app import clock
from tests.proof.storm import Storm, differences, everything


async def scores_are_the_oracles(storm: Storm, client: httpx2.AsyncClient, _url: str) -> None:
    """Whatever the order, however often: a plain computation has the same result."""
    scores = {each["id"]: each["score"] for each in await everything(client, "/v1/partners")}
    assert scores == pytest.approx(storm.expected(clock.now()), abs=1.1e-6)


async def a_rebuild_changes_nothing(_storm: Storm, _client: httpx2.AsyncClient, url: str) -> None:
    """What is derived is what the ledger says."""
    assert await differences(url) == []


async def each_was_taken_once(storm: Storm, _client: httpx2.AsyncClient, _url: str) -> None:
    """Each event was taken once, and every other time it was a repeat."""
    assert {status for _, status in storm.statuses} == {"accepted", "parked", "duplicate"}
    taken = Counter[str]()
    for (id_, status), times in storm.statuses.items():
        taken[id_] += times if status != "duplicate" else 0
    assert taken == Counter(storm.events.keys())


async def each_call_is_explained(storm: Storm, client: httpx2.AsyncClient, _url: str) -> None:
    """At most one unfinished hand-off for each partner, and each says why."""
    handoffs = await everything(client, "/v1/handoffs")
    assert handoffs
    unfinished = Counter(each["partner"]["id"] for each in handoffs if each["state"] != "closed")
    assert set(unfinished.values()) <= {1}
    for each in handoffs:
        assert each["score"] >= 25
        assert sum(line["faded_points"] for line in each["lines"]) == pytest.approx(each["score"], abs=1.1e-6)
        assert each["trigger"]["event"] in storm.events
        assert each["talking_points"]


async def the_feed_skipped_nobody(storm: Storm, client: httpx2.AsyncClient, _url: str) -> None:
    """A reader who was at it all the time saw each partner as it is now."""
    partners = await everything(client, "/v1/partners")
    seen = {id_: (each["score"], each["band"], each["armed"]) for id_, each in storm.seen.items()}
    assert seen == {each["id"]: (each["score"], each["band"], each["armed"]) for each in partners}


CHECKERS = (
    scores_are_the_oracles,
    a_rebuild_changes_nothing,
    each_was_taken_once,
    each_call_is_explained,
    the_feed_skipped_nobody,
)


async def check(storm: Storm, client: httpx2.AsyncClient, url: str) -> None:
    """All of them."""
    for checker in CHECKERS:
        await checker(storm, client, url)
