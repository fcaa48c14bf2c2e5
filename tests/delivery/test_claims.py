"""Claims: each delivery is one worker's at a time, and no webhook takes all the room."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.db import Database
from app.models import deliveries, webhooks
from app.store import deliveries as store
from app.store.deliveries import DeliveryRow
from tests.delivery.owing import VAULT, add_webhook, attempts_at, delivery, execute, owe

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LEASE = timedelta(seconds=60)
ATTEMPT = {"started_at": NOW, "milliseconds": 7, "status": 200}
DELIVERED = {"state": "delivered", "finished_at": NOW}


@pytest.fixture(autouse=True)
async def _webhooks(database: Database) -> None:
    for name in ("w1", "w2"):
        await add_webhook(database, name, url=f"https://{name}.example/", secret="whsec_AAAA")


async def claim(
    database: Database, limit: int = 100, *, at: datetime = NOW, in_flight: dict[str, int] | None = None
) -> list[DeliveryRow]:
    return await database.write(
        lambda c: store.claim(c, limit, now=at, lease=LEASE, in_flight=in_flight or {})
    )


async def test_a_claim_brings_all_that_is_needed_to_send(database: Database) -> None:
    await owe(database, "w1", "msg_1", due_at=NOW)
    [row] = await claim(database)
    assert (row.id, row.url, VAULT.open(row.secret), row.fence) == (
        "msg_1",
        "https://w1.example/",
        "whsec_AAAA",
        1,
    )


async def test_eight_workers_claim_each_delivery_exactly_once(database: Database) -> None:
    ids = [f"msg_{n}" for n in range(200)]
    for n in range(20):
        await add_webhook(database, f"many{n}", url="https://many.example/", secret="whsec_AAAA")
        await owe(database, f"many{n}", *ids[n::20], due_at=NOW)
    claimed: list[str] = []

    async def worker() -> None:
        while rows := await claim(database, 7):
            assert len(rows) <= 7
            claimed.extend(row.id for row in rows)

    await asyncio.gather(*(worker() for _ in range(8)))
    claimed.extend(row.id for row in await claim(database, 200))
    assert sorted(claimed) == sorted(ids)


async def test_what_is_not_due_is_not_claimed(database: Database) -> None:
    await owe(database, "w1", "msg_1", due_at=NOW + timedelta(seconds=1))
    assert await claim(database) == []


async def test_a_lease_runs_out_and_the_fence_counts(database: Database) -> None:
    await owe(database, "w1", "msg_1", due_at=NOW)
    await claim(database)
    assert await claim(database, at=NOW + LEASE) == []
    [row] = await claim(database, at=NOW + LEASE + timedelta(seconds=1))
    assert row.fence == 2


async def test_one_webhook_gets_ten_however_much_it_is_owed(database: Database) -> None:
    await owe(database, "w1", *(f"msg_{n}" for n in range(30)), due_at=NOW - timedelta(hours=1))
    await owe(database, "w2", "msg_late", due_at=NOW)
    rows = await claim(database, 20)
    assert len(rows) == store.PER_WEBHOOK + 1
    assert "msg_late" in {row.id for row in rows}


async def test_when_room_is_short_every_webhook_gets_its_first(database: Database) -> None:
    await owe(database, "w1", *(f"msg_{n}" for n in range(30)), due_at=NOW - timedelta(hours=1))
    await owe(database, "w2", "msg_late", due_at=NOW)
    assert {row.webhook for row in await claim(database, 2)} == {"w1", "w2"}


async def test_what_is_in_flight_counts_towards_the_ten(database: Database) -> None:
    await owe(database, "w1", *(f"msg_{n}" for n in range(30)), due_at=NOW)
    assert len(await claim(database, in_flight={"w1": 8})) == 2
    assert await claim(database, in_flight={"w1": 10}) == []


async def test_another_worker_gets_the_next_ten(database: Database) -> None:
    await owe(database, "w1", *(f"msg_{n}" for n in range(30)), due_at=NOW)
    one, other = await claim(database), await claim(database)
    assert len({row.id for row in (*one, *other)}) == 2 * store.PER_WEBHOOK


async def test_nothing_is_claimed_for_a_disabled_webhook(database: Database) -> None:
    await owe(database, "w1", "msg_1", due_at=NOW)
    await execute(database, webhooks.update().values(enabled=False))
    assert await claim(database) == []


async def test_a_stale_worker_changes_nothing(database: Database) -> None:
    await owe(database, "w1", "msg_1", due_at=NOW)
    [stale] = await claim(database)
    await claim(database, at=NOW + 2 * LEASE)
    before = await delivery(database, "msg_1")
    kept = await database.write(
        lambda c: store.settle(c, stale.id, stale.fence, attempt=ATTEMPT, changes=DELIVERED)
    )
    assert not kept
    assert await delivery(database, "msg_1") == before
    assert await attempts_at(database, "msg_1") == []


async def test_a_claim_is_settled_once(database: Database) -> None:
    await owe(database, "w1", "msg_1", due_at=NOW)
    [row] = await claim(database)
    for kept in (True, False):
        assert kept == await database.write(
            lambda c: store.settle(c, row.id, row.fence, attempt=ATTEMPT, changes=DELIVERED)
        )
    assert [made.n for made in await attempts_at(database, "msg_1")] == [1]


async def test_what_is_given_back_can_be_claimed_at_once(database: Database) -> None:
    await owe(database, "w1", "msg_1", "msg_2", due_at=NOW)
    one, other = await claim(database)
    await database.write(lambda c: store.release(c, [(one.id, one.fence), (other.id, other.fence - 1)]))
    assert [row.id for row in await claim(database)] == [one.id]


async def test_a_gone_receiver_is_owed_nothing_now_and_nothing_is_lost(database: Database) -> None:
    await owe(database, "w1", "msg_1", due_at=NOW)
    assert await database.write(lambda c: store.disable_webhook(c, "w1", "gone"))
    assert not await database.write(lambda c: store.disable_webhook(c, "w1", "gone again"))
    await owe(database, "w1", "msg_2", due_at=NOW)
    stored = await database.read(lambda c: c.execute(select(deliveries.c.state)).scalars().all())
    assert stored == ["held", "held"]


async def test_what_is_owed_to_a_webhook_just_deleted_is_left_out(database: Database) -> None:
    await owe(database, "deleted", "msg_1")
    assert await database.read(lambda c: c.execute(select(deliveries)).all()) == []
