"""Claims: each delivery is one worker's at a time, and no webhook takes all the room."""

import asyncio
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event, select, update

from app import store
from app.db import Database
from app.delivery import claiming
from app.delivery.claiming import LOST, MOST_LOST, Claim, Claiming
from app.delivery.limits import Limits
from app.models import deliveries, webhooks
from app.store.claims import Ending
from tests.delivery.owing import VAULT, add_webhook, attempts_at, delivery, execute, owe

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LEASE = timedelta(seconds=60)
IN_FLIGHT = 10


@pytest.fixture(autouse=True)
async def _webhooks(database: Database) -> None:
    for name in ("w1", "w2"):
        await add_webhook(database, name, url=f"https://{name}.example/", secret="whsec_AAAA")


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets the database's time."""

    def set_(moment: datetime) -> None:
        monkeypatch.setattr(store.deliveries, "database_now", lambda _: moment)

    set_(NOW)
    return set_


@pytest.fixture(autouse=True)
def _at_now(at: Any) -> None:
    """It is NOW unless a test says otherwise."""


async def claim(database: Database, limit: int = 100, *, limits: Limits | None = None) -> list[Claim]:
    found = await database.write(
        lambda c: claiming.claim(c, limit, limits=limits or Limits(), lease=LEASE, loop_time=0)
    )
    return list(found.claims)


async def look(database: Database, moment: datetime) -> Claiming:
    """One claim at some time, with what the worker is told."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store.deliveries, "database_now", lambda _: moment)
        return await database.write(
            lambda c: claiming.claim(c, 64, limits=Limits(), lease=LEASE, loop_time=0)
        )


async def settle(database: Database, *claims: Claim, state: str = "delivered") -> Collection[str]:
    endings = [Ending(*each.claimed, state) for each in claims]
    kept = await database.write(lambda c: store.claims.settle(c, endings, now=NOW))
    return [row.id for row in kept]


def ids(claims: list[Claim]) -> list[str]:
    return [each.delivery.id for each in claims]


async def test_a_claim_brings_all_that_is_needed_to_send(database: Database) -> None:
    await owe(database, "w1", "msg_1", due_at=NOW)
    [one] = await claim(database)
    assert (one.delivery.id, one.delivery.fence, one.webhook.url) == ("msg_1", 1, "https://w1.example/")
    assert [VAULT.open(each) for each in one.secrets] == ["whsec_AAAA"]


async def test_eight_workers_claim_each_delivery_exactly_once(database: Database) -> None:
    owed = [f"msg_{n}" for n in range(200)]
    for n in range(20):
        await add_webhook(database, f"many{n}", url="https://many.example/", secret="whsec_AAAA")
        await owe(database, f"many{n}", *owed[n::20], due_at=NOW)
    claimed: list[str] = []

    async def worker() -> None:
        while found := await claim(database, 7):
            assert len(found) <= 7
            claimed.extend(ids(found))

    await asyncio.gather(*(worker() for _ in range(8)))
    claimed.extend(ids(await claim(database, 200)))
    assert sorted(claimed) == sorted(owed)


async def test_what_is_not_due_is_not_claimed(database: Database) -> None:
    await owe(database, "w1", "msg_1", due_at=NOW + timedelta(seconds=1))
    assert await claim(database) == []


async def test_a_lease_runs_out_and_the_fence_counts(database: Database, at: Any) -> None:
    await owe(database, "w1", "msg_1", due_at=NOW)
    await claim(database)
    at(NOW + LEASE)
    assert await claim(database) == []
    at(NOW + LEASE + timedelta(seconds=1))
    [one] = await claim(database)
    assert (one.delivery.fence, one.delivery.attempts, one.delivery.uncounted) == (2, 1, 1)
    [lost] = await attempts_at(database, "msg_1")
    assert (lost.n, lost.error, lost.milliseconds) == (1, LOST, 61_000)


async def test_a_delivery_that_kills_its_workers_is_given_up(database: Database, at: Any) -> None:
    """Complaint 12 of others' users: tried for ever, with no attempt to be seen.

    Shown to fail by a claim that does not count what was lost.
    """
    await owe(database, "w1", "msg_1", due_at=NOW)
    for n in range(MOST_LOST):
        at(NOW + n * 2 * LEASE)
        assert len(await claim(database)) == 1
    at(NOW + MOST_LOST * 2 * LEASE)
    assert await claim(database) == []
    row = await delivery(database, "msg_1")
    assert (row.state, row.attempts, row.lost, row.leased_until) == ("dead", MOST_LOST, MOST_LOST, None)
    assert [each.error for each in await attempts_at(database, "msg_1")] == [LOST] * MOST_LOST


async def test_one_webhook_gets_ten_however_much_it_is_owed(database: Database) -> None:
    await owe(database, "w1", *(f"msg_{n}" for n in range(30)), due_at=NOW - timedelta(hours=1))
    await owe(database, "w2", "msg_late", due_at=NOW)
    found = await claim(database)
    assert len(found) == IN_FLIGHT + 1
    assert "msg_late" in ids(found)


async def test_when_room_is_short_every_webhook_gets_its_first(database: Database) -> None:
    await owe(database, "w1", *(f"msg_{n}" for n in range(30)), due_at=NOW - timedelta(hours=1))
    await owe(database, "w2", "msg_late", due_at=NOW)
    assert {each.webhook.id for each in await claim(database, 2)} == {"w1", "w2"}


async def test_the_longest_due_goes_first(database: Database) -> None:
    for n in (3, 1, 2):
        await owe(database, "w1", f"msg_{n}", due_at=NOW - timedelta(hours=n))
    assert ids(await claim(database, 1)) == ["msg_3"]


async def test_what_is_in_flight_counts_towards_the_ten(database: Database) -> None:
    await owe(database, "w1", *(f"msg_{n}" for n in range(30)), due_at=NOW)
    limits = Limits()
    limits.in_flight["w1"] = 8
    assert len(await claim(database, limits=limits)) == 2
    limits.in_flight["w1"] = 10
    assert await claim(database, limits=limits) == []


async def test_another_worker_gets_the_next_ten(database: Database) -> None:
    await owe(database, "w1", *(f"msg_{n}" for n in range(30)), due_at=NOW)
    assert len({*ids(await claim(database)), *ids(await claim(database))}) == 2 * IN_FLIGHT


async def test_nothing_but_pings_is_claimed_for_a_disabled_webhook(database: Database) -> None:
    await owe(database, "w1", "msg_1", due_at=NOW)
    await execute(database, webhooks.update().values(enabled=False))
    await owe(database, "w1", "msg_2", due_at=NOW, type_="test.ping")
    assert ids(await claim(database)) == ["msg_2"]


async def test_a_stale_worker_changes_nothing(database: Database, at: Any) -> None:
    """Shown to fail by a settle that does not look at the fence."""
    await owe(database, "w1", "msg_1", due_at=NOW)
    [stale] = await claim(database)
    at(NOW + 2 * LEASE)
    await claim(database)
    before = await delivery(database, "msg_1")
    assert await settle(database, stale) == []
    assert await database.write(lambda c: store.claims.renew(c, [stale.claimed], until=NOW)) == set()
    assert await delivery(database, "msg_1") == before


async def test_a_claim_is_settled_once(database: Database) -> None:
    await owe(database, "w1", "msg_1", due_at=NOW)
    [one] = await claim(database)
    assert [await settle(database, one), await settle(database, one)] == [["msg_1"], []]


async def test_many_are_settled_at_once_each_by_its_own_fence(database: Database, at: Any) -> None:
    await owe(database, "w1", "msg_1", "msg_2", due_at=NOW)
    stale = await claim(database)
    at(NOW + 2 * LEASE)
    [second] = [each for each in await claim(database) if each.delivery.id == "msg_2"]
    assert await settle(database, *stale, second) == ["msg_2"]


async def test_what_is_given_back_can_be_claimed_at_once(database: Database) -> None:
    await owe(database, "w1", "msg_1", "msg_2", due_at=NOW)
    one, other = await claim(database)
    stale = (other.delivery.id, other.delivery.fence - 1)
    await database.write(lambda c: store.claims.release(c, [one.claimed, stale]))
    assert ids(await claim(database)) == [one.delivery.id]


async def test_what_is_owed_to_a_webhook_just_deleted_is_left_out(database: Database) -> None:
    await owe(database, "deleted", "msg_1")
    assert await database.read(lambda c: c.execute(select(deliveries)).all()) == []


@pytest.fixture
async def _ordered(database: Database) -> None:
    await execute(database, update(webhooks).values(ordered=True))


@pytest.mark.usefixtures("_ordered")
async def test_in_order_a_partner_has_one_in_flight(database: Database, at: Any) -> None:
    """Shown to fail by a claim that takes what is due without a look at what came before."""
    await owe(database, "w1", "msg_1", "msg_2", "msg_3", due_at=NOW)
    await owe(database, "w1", "msg_9", partner="p2", due_at=NOW)
    first = await claim(database)
    assert sorted(ids(first)) == ["msg_1", "msg_9"]
    at(NOW + timedelta(seconds=10))
    assert await claim(database) == []
    await settle(database, *first)
    at(NOW + 2 * store.due.LATER)
    assert ids(await claim(database)) == ["msg_2"]


@pytest.mark.usefixtures("_ordered")
async def test_in_order_the_next_need_not_wait_to_be_found(database: Database) -> None:
    await owe(database, "w1", "msg_1", "msg_2", "msg_3", due_at=NOW)
    [first] = await claim(database)
    assert await claim(database) == []
    await settle(database, first)
    await database.write(lambda c: store.claims.next_in_order(c, [("w1", "p1", 1)], now=NOW))
    assert ids(await claim(database)) == ["msg_2"]


@pytest.mark.usefixtures("_ordered")
async def test_in_order_what_waits_is_not_in_another_partners_way(database: Database) -> None:
    """Shown to fail by a claim after which the worker rests, or that looks at what waits again and again."""
    await owe(database, "w1", "a_1", due_at=NOW + timedelta(seconds=30), partner="a")
    await owe(database, "w1", *(f"a_{n}" for n in range(2, 301)), first=2, due_at=NOW, partner="a")
    await owe(database, "w1", "b_1", due_at=NOW + timedelta(microseconds=1), partner="b")
    while not (found := await look(database, NOW + timedelta(seconds=1))).claims:
        assert found.more
    assert ids(list(found.claims)) == ["b_1"]


@pytest.mark.usefixtures("_ordered")
async def test_in_order_the_next_goes_when_the_one_before_is_given_up(database: Database, at: Any) -> None:
    """Shown to fail by giving up without a word to the next."""
    await owe(database, "w1", "msg_1", "msg_2", due_at=NOW)
    for n in range(MOST_LOST):
        at(NOW + n * 2 * LEASE)
        assert ids(await claim(database)) == ["msg_1"]
    await execute(
        database, update(deliveries).where(deliveries.c.id == "msg_2").values(due_at=NOW + timedelta(days=1))
    )
    at(NOW + MOST_LOST * 2 * LEASE)
    assert await claim(database) == []
    assert ids(await claim(database)) == ["msg_2"]


@pytest.mark.usefixtures("_ordered")
async def test_in_order_what_waits_for_a_retry_is_not_looked_at_again_and_again(database: Database) -> None:
    later = NOW + timedelta(hours=5)
    await owe(database, "w1", "msg_1", due_at=later)
    await owe(database, "w1", "msg_2", first=2, due_at=NOW)
    assert await claim(database) == []
    assert (await delivery(database, "msg_2")).due_at == later


@pytest.mark.parametrize(("room", "in_flight", "cut_short"), [(9, 9, False), (1, 9, True), (9, 1, True)])
async def test_a_claim_tells_whether_something_was_left(
    database: Database, room: int, in_flight: int, cut_short: bool
) -> None:
    """Shown to fail by a claim that never says so: what was left would wait for the next poll."""
    await execute(database, update(webhooks).values(max_in_flight=in_flight))
    await owe(database, "w1", "msg_1", "msg_2", due_at=NOW)
    found = await database.write(lambda c: claiming.claim(c, room, limits=Limits(), lease=LEASE, loop_time=0))
    assert found.cut_short is cut_short


async def test_what_one_webhook_leaves_of_its_share_is_anothers(database: Database) -> None:
    """Shown to fail by a claim that says there is no more."""
    await owe(database, "w1", "msg_0", due_at=NOW)
    await owe(database, "w2", *(f"msg_{n}" for n in range(1, 9)), due_at=NOW)
    found = await look_with(database, room=16)
    assert len(found.claims) < 9
    assert found.more


async def test_a_claim_that_used_all_its_room_is_not_repeated_at_once(database: Database) -> None:
    """Shown to fail by a claim that looks only at who could have had more: it would find no room."""
    for name in ("w1", "w2"):
        await owe(database, name, *(f"{name}_{n}" for n in range(9)), due_at=NOW)
    found = await look_with(database, room=16)
    assert (found.more, found.cut_short) == (False, True)


async def test_nobody_gets_more_than_its_share(database: Database) -> None:
    """Shown to fail on SQLite by a look that brings everybody as much as the largest share."""
    await execute(database, update(webhooks).where(webhooks.c.id == "w1").values(max_in_flight=1))
    for name in ("w1", "w2"):
        await owe(database, name, *(f"{name}_{n}" for n in range(5)), due_at=NOW)
    assert sorted(ids(await claim(database))) == ["w1_0", *(f"w2_{n}" for n in range(5))]


async def look_with(database: Database, *, room: int) -> Claiming:
    """One claim with so much room."""
    return await database.write(lambda c: claiming.claim(c, room, limits=Limits(), lease=LEASE, loop_time=0))


async def test_statements_do_not_grow_with_the_webhooks(database: Database) -> None:
    """Shown to fail by a look for each webhook."""

    def cost(connection: Connection) -> int:
        with statements(connection) as found:
            claiming.claim(connection, 100, limits=Limits(), lease=LEASE, loop_time=0)
        return len(found)

    await owe(database, "w1", "msg_0", due_at=NOW)
    of_one = await database.write(cost)
    for n in range(1, 9):
        await add_webhook(database, f"many{n}", url="https://many.example/", secret="whsec_AAAA")
        await owe(database, f"many{n}", f"msg_{n}", due_at=NOW)
    assert await database.write(cost) == of_one


async def test_the_server_is_asked_for_its_time_now_and_then(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shown to fail by asking each time, by never asking again, and by a time that stands still."""
    monkeypatch.undo()

    def twice(connection: Connection) -> list[datetime]:
        return [store.deliveries.database_now(connection) for _ in range(2)]

    def asked(connection: Connection) -> int:
        with statements(connection) as found:
            twice(connection)
        return len(found)

    first, second = await database.write(twice)
    assert first < second
    assert await database.write(asked) == 0
    monkeypatch.setattr(store.deliveries, "ASKED_AGAIN", -1)
    assert await database.write(asked) == (2 if database.dialect == "postgresql" else 0)


@contextmanager
def statements(connection: Connection) -> Iterator[list[str]]:
    """What is executed meanwhile."""
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        found.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(connection, "before_cursor_execute", note)
