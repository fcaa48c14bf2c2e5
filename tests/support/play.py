"""A program that a test plays through the services, on any database, at a time of the test's own."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Executable
from sqlalchemy.engine import make_url

from app import store
from app.db import Work
from app.engines import sqlite_engine
from app.scoring.reading import read_rubric
from app.scoring.rubric import Rubric
from app.services.activating import Opening, switch
from app.services.claiming import claim
from app.services.handoff_view import Handoff
from app.services.handoffs import Closing, close, get_handoff
from app.services.partners import Partner, PartnerData, get_partner, put_partners
from app.services.programs import create_program
from app.services.reading_ledger import Wanted, list_events
from app.services.recording import Result, record
from app.services.rubrics import store_rubric
from app.services.settling import move_landmark, settle
from app.services.source_events import record_from_source
from app.services.verifying import Difference, verify
from app.sources.attending import Fragment
from app.sources.event import NewEvent

T = TypeVar("T")

NOON = datetime(2026, 3, 16, 12, tzinfo=UTC)
"""A Monday, in the middle of its day."""

SIMPLE: dict[str, Any] = {
    "name": "Simple",
    "rules": [
        {"id": "visit", "on": "page.viewed", "points": 1},
        {"id": "webinar", "on": "webinar.attended", "points": 10},
        {"id": "opt-out", "on": "email.unsubscribed", "points": -15},
    ],
    "bands": {"cold": 0, "warm": 10, "hot": 25},
    "handoff": {"at": 25, "rearm_below": 15},
}


class Run(Protocol):
    """Does some work in a transaction of its own."""

    def __call__(self, work: Work[T]) -> T:
        """Commit, then give back what `work` answers."""


class Play:
    """One program and the time it is now."""

    def __init__(self, run: Run, program: str = "acme") -> None:
        self.run = run
        self.program = program
        self.now = NOON
        self._ids = count(1)
        run(lambda c: create_program(c, program, program, now=NOON))

    def do(self, service: Any, *args: Any, **named: Any) -> Any:
        """Call a service that takes the time."""
        return self.run(lambda c: service(c, self.program, *args, **named, now=self.now))

    def execute(self, statement: Executable) -> None:
        """Run one statement behind the services' back."""

        def work(connection: Connection) -> None:
            connection.execute(statement)

        self.run(work)

    def passes(self, days: float) -> None:
        """Let time pass, and the service do what it does every day."""
        self.now += timedelta(days=days)
        self.settle()

    def settle(self) -> None:
        """What happens after midnight."""
        self.do(move_landmark)
        after: str | None = ""
        while after is not None:
            after = self.do(settle, after=after)

    def activate(self, changes: dict[str, Any] | None = None, *, open_for_past: bool = False) -> int:
        """Make SIMPLE with some changes the active rubric; its version."""
        version = self.draft(changes)
        self.do(switch, version, by="test", opening=Opening(open_for_past))
        return version

    def draft(self, changes: dict[str, Any] | None = None) -> int:
        """Store SIMPLE with some changes; its version."""
        return self.store(read_rubric(SIMPLE | (changes or {})))

    def store(self, rubric: Rubric) -> int:
        """Store a rubric; its version."""
        version: int = self.do(store_rubric, rubric, by="test").version
        return version

    def event(
        self,
        type_: str = "page.viewed",
        partner: str | None = "p1",
        *,
        contact: str | None = None,
        ago: float = 0,
        id_: str | None = None,
        verdict: str = "human",
        **properties: Any,
    ) -> NewEvent:
        """An event, some days ago."""
        return NewEvent.model_validate(
            {
                "id": id_ or f"e{next(self._ids)}",
                "source": "test",
                "type": type_,
                "partner": partner,
                "contact": contact,
                "occurred_at": self.now - timedelta(days=ago),
                "verdict": verdict,
                "properties": properties,
            }
        )

    def record(self, *events: NewEvent) -> list[Result]:
        """Record events in one transaction."""
        results: list[Result] = self.do(record, list(events))
        return results

    def happens(self, type_: str = "page.viewed", partner: str | None = "p1", **about: Any) -> Result:
        """Record one event."""
        return self.record(self.event(type_, partner, **about))[0]

    def posts(
        self, *events: NewEvent, fragments: Sequence[Fragment] = (), settle: int = 0, source: str = "test"
    ) -> list[Result]:
        """A platform posts to a source, in one transaction."""
        results: list[Result] = self.do(record_from_source, source, events, fragments, settle_seconds=settle)
        return results

    def verdicts(self) -> dict[str, str]:
        """Of all events by id."""
        found = self.run(lambda c: list_events(c, self.program, Wanted(), before=None, limit=1_000))
        return {event.id: event.verdict for event in found}

    def put(self, id_: str = "p1", **about: Any) -> None:
        """Create or replace a partner."""
        self.do(put_partners, [PartnerData(id_, **about)])

    def partner(self, id_: str = "p1") -> Partner:
        """How a partner is shown now."""
        shown: Partner = self.do(get_partner, id_)
        return shown

    def scores(self) -> dict[str, float]:
        """The score of every partner."""
        ids = self.run(lambda c: store.partners.page_of_ids(c, self.program, after="", limit=1000))
        return {each: self.partner(each).score for each in ids}

    def handoff(self, id_: str) -> Handoff:
        """A hand-off as it is shown."""
        shown: Handoff = self.do(get_handoff, id_)
        return shown

    def claim(self, id_: str) -> None:
        """Somebody takes a hand-off."""
        self.do(claim, id_, by="rep")

    def close(self, id_: str, outcome: str = "accepted") -> None:
        """Close a hand-off."""
        self.do(close, id_, Closing(outcome, reason="because"), by="rep")

    def differences(self) -> list[Difference]:
        """What live is and a rebuild from the ledger is not."""
        after: str | None = ""
        found: list[Difference] = []
        while after is not None:
            some, after = self.do(verify, after=after)
            found += some
        return found


@contextmanager
def sqlite_run(url: str) -> Iterator[Run]:
    """Work on an SQLite file without an event loop."""
    engine = sqlite_engine(make_url(url), begin="BEGIN IMMEDIATE")

    def run(work: Work[T]) -> T:
        with engine.begin() as connection:
            return work(connection)

    try:
        yield run
    finally:
        engine.dispose()


def rows_of(run: Run, statement: Any) -> list[tuple[Any, ...]]:
    """What a query finds."""

    def find(connection: Connection) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in connection.execute(statement)]

    return run(find)
