"""What waits and what is sent, as Prometheus sees it."""

import asyncio
import socket
from datetime import timedelta

import httpx2
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update

from app import clock, store
from app.db import Database
from app.models import deliveries
from tests.delivery.owing import VAULT_KEY, add_webhook, execute, owe, until
from tests.support.receiver import Receiver, answer
from tests.support.server import HANDRAISER, environment


def samples(text: str) -> dict[tuple[str, ...], float]:
    """Every sample, by its name and the values of its labels in the order of their names."""
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_what_waits_is_counted_for_each_webhook(database: Database) -> None:
    for name in ("w1", "w2"):
        await add_webhook(database, name, url="https://w.example/", secret="whsec_AAAA")
    due = clock.now() - timedelta(hours=1)
    await owe(database, "w1", "owed_1", "held", "dead", "delivered")
    await owe(database, "w1", "owed_2", due_at=due)
    for state in ("held", "dead", "delivered"):
        await execute(database, update(deliveries).where(deliveries.c.id == state).values(state=state))
    assert await database.read(store.gauges.of_all) == [("w1", 2, 1, 1, due), ("w2", 0, 0, 0, None)]


async def test_a_worker_tells_its_own(database: Database, receiver: Receiver, database_url: str) -> None:
    receiver.replies.append(answer(500))
    await add_webhook(database, "w1", url=receiver.url, secret=receiver.secret)
    await add_webhook(database, "w2", url=receiver.url, secret=receiver.secret, enabled=False)
    await owe(database, "w1", "msg_1", "msg_2")
    await owe(database, "w2", "msg_3")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        *(HANDRAISER, "work", "--metrics-port", str(port)),
        env=environment(database_url, SECRET_KEY=VAULT_KEY, WEBHOOK_RETRY_SCHEDULE="0,3600"),
    )
    found: dict[tuple[str, ...], float] = {}

    async def counted() -> bool:
        async with httpx2.AsyncClient(trust_env=False) as client:
            text = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
        found.update(samples(text))
        sent = found.get(("handraiser_attempts_total", "success", "w1"))
        return sent == 1 and found["handraiser_attempts_in_flight",] == 0

    await receiver.received(2, within=30)
    await until(counted)
    process.terminate()
    assert await process.wait() == 0
    assert found["handraiser_attempts_total", "failure", "w1"] == 1
    assert found["handraiser_deliveries", "held", "w2"] == 1
    assert found["handraiser_delivery_lag_seconds", "w2"] == 0
