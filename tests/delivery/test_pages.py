"""Lists of deliveries: filtered, newest first, nothing twice, nothing left out."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.db import Database
from app.store import deliveries as store
from tests.delivery.owing import BODY, add_webhook

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
async def _deliveries(database: Database) -> None:
    """Ten, two of each minute, by turns for two webhooks."""
    shared = {"program": "acme", "type": "handoff.opened", "partner": None, "sequence": None, "body": BODY}
    for name in ("w0", "w1"):
        await add_webhook(database, name, url="https://example.com/", secret="whsec_AAAA")
    rows = []
    for n in range(10):
        at = START + timedelta(minutes=n // 2)
        rows.append({**shared, "id": f"msg_{n}", "webhook": f"w{n % 2}", "created_at": at, "due_at": at})
    await database.write(lambda c: store.add(c, rows))


async def ids(database: Database, **filters: Any) -> list[str]:
    everything: dict[str, Any] = {
        "webhook": None,
        "status": None,
        "since": None,
        "before": None,
        "limit": 100,
    }
    return [
        row.id for row in await database.read(lambda c: store.page(c, "acme", **{**everything, **filters}))
    ]


async def test_newest_first(database: Database) -> None:
    assert await ids(database) == [f"msg_{n}" for n in reversed(range(10))]


async def test_pages_follow_on_within_one_instant(database: Database) -> None:
    assert await ids(database, limit=3) == ["msg_9", "msg_8", "msg_7"]
    before = (START + timedelta(minutes=3), "msg_7")
    assert await ids(database, limit=3, before=before) == ["msg_6", "msg_5", "msg_4"]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"webhook": "w1"}, ["msg_9", "msg_7", "msg_5", "msg_3", "msg_1"]),
        ({"status": "owed", "limit": 1}, ["msg_9"]),
        ({"status": "dead"}, []),
        ({"since": START + timedelta(minutes=4)}, ["msg_9", "msg_8"]),
    ],
)
async def test_filters(database: Database, filters: dict[str, Any], found: list[str]) -> None:
    assert await ids(database, **filters) == found


async def test_another_program_sees_nothing(database: Database) -> None:
    assert await database.read(lambda c: store.get(c, "other", "msg_1")) is None
    shown = await database.read(lambda c: store.get(c, "acme", "msg_1"))
    assert shown is not None
    assert shown.body == BODY
