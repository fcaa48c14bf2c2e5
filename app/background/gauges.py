"""What waits, for Prometheus: read from the database every few seconds, told at every scrape."""

import asyncio
from collections.abc import Iterator, Sequence

import structlog
from prometheus_client import REGISTRY
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from typing_extensions import override

from app import clock, store
from app.db import Database
from app.errors import DatabaseAway, Overloaded
from app.log import fault
from app.store.gauges import Waiting

log = structlog.get_logger()

SECONDS = 15.0


class _Backlog(Collector):
    """The backlog of all programs, as last read; a label names a webhook, so there are few."""

    def __init__(self) -> None:
        self.waiting: Sequence[Waiting] = ()

    @override
    def collect(self) -> Iterator[GaugeMetricFamily]:
        count = GaugeMetricFamily(
            "handraiser_deliveries",
            "Deliveries that wait, in the whole database.",
            labels=["webhook", "state"],
        )
        lag = GaugeMetricFamily(
            "handraiser_delivery_lag_seconds",
            "How long the longest due has been waiting for its next attempt.",
            labels=["webhook"],
        )
        now = clock.now()
        for each in self.waiting:
            for state, number in (("owed", each.owed), ("held", each.held), ("dead", each.dead)):
                count.add_metric([each.webhook, state], number)
            late = 0.0 if each.oldest_due_at is None else (now - each.oldest_due_at).total_seconds()
            lag.add_metric([each.webhook], max(0.0, late))
        yield count
        yield lag


_backlog = _Backlog()
REGISTRY.register(_backlog)


async def keep_gauges(database: Database) -> None:
    """Read the backlog every 15 seconds, for ever."""
    while True:
        try:
            _backlog.waiting = await database.read(store.gauges.of_all)
        except (DatabaseAway, Overloaded):
            log.warning("gauges wait: the database is away")
        except Exception as error:
            fault("gauges could not be read", error)
        await asyncio.sleep(SECONDS)
