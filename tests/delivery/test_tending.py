"""What goes on beside sending: holding, replaying and forgetting, in short transactions."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app import clock, store
from app.background import tending
from app.background.tending import forget, hold_all, replay_all
from app.db import Database
from app.errors import Conflict
from app.models import attempts, deliveries, webhooks
from app.services import replaying, webhook_life
from app.services.replaying import Range, get_replay, start
from app.services.webhooks import disable_webhook, enable_webhook
from app.settings import Settings
from tests.delivery.owing import add_webhook, delivery, execute, owe

DAY = timedelta(days=1)
IDS = [f"msg_{n}" for n in range(7)]


@pytest.fixture(autouse=True)
async def _webhook(database: Database) -> None:
    await add_webhook(database, "w1", url="https://w1.example/", secret="whsec_AAAA")


@pytest.fixture(autouse=True)
def _few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (replaying, tending):
        monkeypatch.setattr(module, "AT_ONCE", 2)
    monkeypatch.setattr(webhook_life, "HELD_AT_ONCE", 2)


async def states(database: Database) -> set[str]:
    return set(await database.read(lambda c: c.execute(select(deliveries.c.state)).scalars().all()))


async def disable(database: Database) -> None:
    await database.write(lambda c: disable_webhook(c, "acme", "w1", reason=None, by="me", now=clock.now()))


async def test_much_is_held_little_by_little_and_nothing_is_enabled_before(database: Database) -> None:
    """Shown to fail by an `enable` that does not look: what was not held yet would be sent."""
    await owe(database, "w1", *IDS)
    await disable(database)
    assert await states(database) == {"owed", "held"}
    with pytest.raises(Conflict, match="put aside"):
        await database.write(lambda c: enable_webhook(c, "acme", "w1", replay=False, now=clock.now()))
    await hold_all(database)
    assert await states(database) == {"held"}
    await database.write(lambda c: enable_webhook(c, "acme", "w1", replay=False, now=clock.now()))
    assert await states(database) == {"held"}


async def test_a_replay_goes_on_where_a_kill_left_it(database: Database) -> None:
    """Whoever comes next finds it in the database."""
    await execute(database, update(webhooks).values(enabled=False))
    await owe(database, "w1", *IDS)
    await execute(database, update(webhooks).values(enabled=True))
    begun = await database.write(lambda c: start(c, "acme", "w1", Range("held"), now=clock.now()))
    assert (begun.state, begun.replayed) == ("running", 2)
    woken: list[None] = []
    await replay_all(database, wake=lambda: woken.append(None))
    done = await database.read(lambda c: get_replay(c, "acme", "w1", begun.n))
    assert (done.state, done.replayed) == ("done", len(IDS))
    assert await states(database) == {"owed"}
    assert woken


async def test_what_was_delivered_long_ago_is_forgotten(database: Database) -> None:
    now = clock.now()
    await owe(database, "w1", *IDS)
    age = {"created_at": now - 91 * DAY, "finished_at": now - 91 * DAY}
    for id_, state in zip(IDS, ["owed", "held", "dead", *["delivered"] * 4], strict=True):
        await execute(database, update(deliveries).where(deliveries.c.id == id_).values(state=state, **age))
    late = update(deliveries).where(deliveries.c.id == IDS[-1])
    await execute(database, late.values(finished_at=now - 89 * DAY))
    await forget(database, Settings())
    left = await database.read(lambda c: c.execute(select(deliveries.c.id)).scalars().all())
    assert sorted(left) == [*IDS[:3], IDS[-1]]


async def test_attempts_are_forgotten_sooner(database: Database) -> None:
    now = clock.now()
    await owe(database, "w1", "msg_1")
    made = [
        {"delivery": "msg_1", "n": n, "started_at": now - days * DAY, "milliseconds": 5}
        for n, days in enumerate([40, 31, 31, 29])
    ]
    await database.write(lambda c: store.claims.record(c, made))
    await forget(database, Settings())
    left = await database.read(lambda c: c.execute(select(attempts.c.n)).scalars().all())
    assert left == [3]
    assert (await delivery(database, "msg_1")).state == "owed"
