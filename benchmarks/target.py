"""A server to post events to, and what a round finds about it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from benchmarks.bodies import JSON, events
from benchmarks.databases import events_in
from benchmarks.figures import Sample
from benchmarks.load import Client, Load
from benchmarks.machine import cpu_seconds, memory_mib
from benchmarks.servers import Server


@dataclass(frozen=True)
class Target:
    """Takes events at /v1/events; `bodies` are those that it has not had yet, `batch` events to each."""

    name: str
    server: Server
    bodies: Iterator[bytes] = field(default_factory=events)
    batch: int = 1
    content_type: str = JSON
    sent: list[int] = field(default_factory=list)

    def post(self, *, seconds: float, connections: int) -> Sample:
        """As fast as it answers."""
        before = cpu_seconds(self.server.pid)
        load = self._client().post(self.bodies, seconds=seconds, connections=connections)
        events = self._noted(load)
        return {
            "events/s": events / load.seconds,
            **load.milliseconds(),
            "CPU us/event": (cpu_seconds(self.server.pid) - before) / events * 1e6,
            "MiB": memory_mib(self.server.pid),
        }

    def post_at(self, rate: float, *, seconds: float, connections: int) -> Sample:
        """So many bodies a second."""
        load = self._client().post_at(rate, self.bodies, seconds=seconds, connections=connections)
        return {"events/s": self._noted(load) / load.seconds, **load.milliseconds()}

    def check(self, database_url: str) -> None:
        """Raises RuntimeError unless the ledger has exactly what was acknowledged."""
        found = events_in(database_url)
        if found != sum(self.sent):
            raise RuntimeError(f"{self.name}: {sum(self.sent)} events were acknowledged, {found} are there")

    def _client(self) -> Client:
        return self.server.at("/v1/events", **{"content-type": self.content_type})

    def _noted(self, load: Load) -> int:
        self.sent.append(load.answers * self.batch)
        return self.sent[-1]
