"""Random lives of a desk: nobody is lost, nobody is there twice, and the history explains every state."""

import shutil
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select
from sqlalchemy.engine import make_url

from app.errors import Conflict
from app.models import feeds, handoff_moves, handoffs, standings
from app.services.claiming import claim, claim_next
from app.services.handoffs import Closing, assign, close, note, release, snooze, unsnooze
from app.services.merging import merge, unmerge
from app.services.partners import archive_partner
from app.services.reps import put_rep
from app.services.verdicts import change_verdict
from app.sources.event import NewEvent
from tests.services.desk import tend
from tests.support.play import SIMPLE, Play, rows_of, sqlite_run

TERMS: list[dict[str, Any]] = [
    {},
    {"per_week": 2},
    {"per_week": 1, "assign": "round_robin", "rearm_after_days": {"default": 2}},
    {"assign": "least_loaded", "max_claimed": 1, "release_after_hours": 5, "due_hours": 2},
    {"hours": {"from": "09:00", "to": "17:00"}, "rearm_after_days": {"default": 1, "rejected": 9}},
]

# Told independently of app.services.moves: what each move may follow on, and where it leads.
LEADS: dict[str, tuple[set[str | None], str | None]] = {
    "wait": ({None}, "waiting"),
    "open": ({None, "waiting"}, "open"),
    "claim": ({"open"}, "claimed"),
    "release": ({"claimed"}, "open"),
    "snooze": ({"open", "claimed"}, "snoozed"),
    "unsnooze": ({"snoozed"}, "open"),
    "overdue": ({"open", "claimed"}, None),
    "assign": ({"waiting", "open", "claimed", "snoozed"}, None),
    "note": ({"waiting", "open", "claimed", "snoozed"}, None),
    "merge": ({"waiting", "open", "claimed", "snoozed"}, None),
    "close": ({"waiting", "open", "claimed", "snoozed"}, "closed"),
}

partners = st.sampled_from(["a", "b", "c", "d"])
people = st.sampled_from(["ann@v.example", "bob@v.example"])


class Desk(RuleBasedStateMachine):
    """One program on SQLite, and what its desk has been told."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        file = Path(self.stack.enter_context(TemporaryDirectory())) / "desk.db"
        shutil.copyfile(self.template, file)
        self.play = Play(self.stack.enter_context(sqlite_run(f"sqlite:///{file}")))
        self.events: list[NewEvent] = []
        self.known: set[str] = set()
        self.changes = 0

    @initialize(changes=st.sampled_from(TERMS))
    def begin(self, changes: dict[str, Any]) -> None:
        self.activate(changes, past=False)

    @rule(some=st.lists(partners, min_size=1, max_size=4), times=st.integers(1, 3))
    def happen(self, some: list[str], times: int) -> None:
        new = [self.play.event("webinar.attended", each) for each in some for _ in range(times)]
        self.events += new
        self.play.record(*new)

    @rule(data=st.data())
    def judge(self, data: st.DataObject) -> None:
        if self.events:
            id_ = data.draw(st.sampled_from(self.events)).id
            self.play.do(change_verdict, "test", id_, verdict="machine", reason="so it looks", by="rep")

    @rule(by=people, owner=st.none() | people)
    def take_next(self, by: str, owner: str | None) -> None:
        self._try(claim_next, by=by, owner=owner)

    @rule(
        data=st.data(),
        by=people,
        move=st.sampled_from([claim, release, snooze, unsnooze, assign, note, close]),
        outcome=st.sampled_from(["converted", "rejected", "unreachable"]),
    )
    def move(self, data: st.DataObject, by: str, move: Any, outcome: str) -> None:
        if not self.known:
            return
        handoff = data.draw(st.sampled_from(sorted(self.known)))
        words: dict[Any, dict[str, Any]] = {
            claim: {},
            release: {"reason": None},
            snooze: {"until": self.play.now + timedelta(hours=30), "reason": None},
            unsnooze: {"reason": None},
            assign: {"owner": by, "reason": None},
            note: {"text": "hm"},
        }
        if move is close:
            self._try(close, handoff, Closing(outcome, "because"), by=by)
        else:
            self._try(move, handoff, by=by, **words[move])

    @rule(one=partners, other=partners)
    def merge(self, one: str, other: str) -> None:
        self.happen([one, other], 1)
        self._try(merge, one, other)

    @rule(partner=partners)
    def unmerge(self, partner: str) -> None:
        self.happen([partner], 1)
        self._try(unmerge, partner)

    @rule(partner=partners)
    def archive(self, partner: str) -> None:
        self.play.put(partner)
        self.play.do(archive_partner, partner)

    @rule(partner=partners, owner=st.none() | people)
    def own(self, partner: str, owner: str | None) -> None:
        self.play.put(partner, owner=owner)

    @rule(email=people, active=st.booleans(), weight=st.sampled_from([0.5, 1.0, 3.0]))
    def staff(self, email: str, active: bool, weight: float) -> None:
        self.play.do(put_rep, email, name=None, active=active, weight=weight)

    @rule(changes=st.sampled_from(TERMS), past=st.booleans())
    def activate(self, changes: dict[str, Any], past: bool) -> None:
        self.play.activate({"handoff": SIMPLE["handoff"] | changes}, open_for_past=past)

    @rule(hours=st.sampled_from([1, 6, 40, 170]))
    def time_passes(self, hours: float) -> None:
        tend(self.play, hours=hours)

    def _try(self, service: Any, *args: Any, **named: Any) -> None:
        """Do it, or be refused for a reason that a person may meet."""
        try:
            self.play.do(service, *args, **named)
        except Conflict:
            return

    @invariant()
    def nobody_is_there_twice_and_nobody_is_lost(self) -> None:
        rows = rows_of(self.play.run, select(handoffs.c.id, handoffs.c.partner, handoffs.c.state))
        unfinished = {partner: id_ for id_, partner, state in rows if state != "closed"}
        assert len(unfinished) == sum(state != "closed" for *_, state in rows)
        assert self.known <= {id_ for id_, *_ in rows}
        self.known = {id_ for id_, *_ in rows}
        held = rows_of(
            self.play.run, select(standings.c.partner, standings.c.open_handoff, standings.c.armed)
        )
        assert {partner: id_ for partner, id_, _ in held if id_} == unfinished
        assert not [partner for partner, id_, armed in held if id_ and armed]

    @invariant()
    def history_explains_the_state(self) -> None:
        wanted = (
            handoffs.c.id,
            handoffs.c.state,
            handoffs.c.claimed_by,
            handoffs.c.owner,
            handoffs.c.outcome,
        )
        told = self._told()
        for id_, state, claimed_by, owner, outcome in rows_of(self.play.run, select(*wanted)):
            now: str | None = None
            claimer, last_owner, ended = None, ..., None
            for move, by, after, details in told[id_]:
                before, leads = LEADS[move]
                assert now in before, (move, now)
                now = leads or now
                assert after == now
                claimer = by if move == "claim" else claimer if now == "claimed" else None
                last_owner = details["owner"] if move == "assign" else last_owner
                ended = details["outcome"] if move == "close" else None
            assert (now, claimer if now != "closed" else claimed_by, ended) == (state, claimed_by, outcome)
            assert last_owner in (..., owner)

    def _told(self) -> dict[str, list[tuple[Any, ...]]]:
        columns = handoff_moves.c
        query = select(columns.handoff, columns.move, columns.by, columns.state, columns.details)
        told: dict[str, list[tuple[Any, ...]]] = {}
        for handoff, *line in rows_of(self.play.run, query.order_by(columns.handoff, columns.n)):
            told.setdefault(handoff, []).append(tuple(line))
        return told

    @invariant()
    def whoever_waits_was_never_opened(self) -> None:
        rows = rows_of(self.play.run, select(handoffs.c.state, handoffs.c.opened_at))
        assert all((state == "waiting") <= (opened_at is None) for state, opened_at in rows)
        assert all(
            (state in ("open", "claimed", "snoozed")) <= (opened_at is not None) for state, opened_at in rows
        )

    @invariant()
    def queue_counts_every_move(self) -> None:
        ((counted,),) = rows_of(self.play.run, select(feeds.c.queue))
        places = [place for (place,) in rows_of(self.play.run, select(handoff_moves.c.position))]
        assert len(set(places)) == len(places)
        assert max(places, default=0) <= counted
        assert counted >= self.changes
        self.changes = counted

    def teardown(self) -> None:
        """A rebuild changes nothing, and in the end all that wait get their turn."""
        self.play.settle()
        found = self.play.differences()
        self.activate({}, past=False)
        tend(self.play)
        waiting = rows_of(self.play.run, select(handoffs.c.id).where(handoffs.c.state == "waiting"))
        self.stack.close()
        assert (found, waiting) == ([], [])


def test_any_desk(sqlite_url: str) -> None:
    Desk.template = Path(str(make_url(sqlite_url).database))
    bounds = settings(max_examples=30, stateful_step_count=40, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(Desk, settings=bounds)
