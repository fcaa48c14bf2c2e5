"""Random lives of deliveries: whatever workers and people do, in whatever order, none is lost or doubled."""

import shutil
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select
from sqlalchemy.engine import make_url

from app import store
from app.delivery.claiming import MOST_LOST, Claim, claim
from app.delivery.judge import Dead, Delivered, Gone, RetryIn
from app.delivery.limits import Limits
from app.delivery.reply import Answer
from app.delivery.settle import Attempt, Outcome, settle
from app.errors import Conflict
from app.models import attempts, deliveries
from app.services.deliveries import retry
from app.services.replaying import Range, go_on, start
from app.services.webhooks import WebhookSettings, create_webhook, disable_webhook, enable_webhook
from tests.delivery.owing import VAULT, add_program
from tests.support.play import NOON, sqlite_run

LEASE = timedelta(seconds=60)
RULINGS = [Delivered(), Delivered(), RetryIn(30), RetryIn(3600), Dead(), Gone("it is gone")]

partners = st.sampled_from(["p1", "p2"])
anything = st.integers(0, 1000)


class Life(RuleBasedStateMachine):
    """One webhook on SQLite, ordered in every other run; workers whose claims may be stale."""

    template: Path
    ordered: bool

    def __init__(self) -> None:
        super().__init__()
        self._stack = ExitStack()
        folder = Path(self._stack.enter_context(TemporaryDirectory()))
        shutil.copyfile(self.template, folder / "life.db")
        self.run = self._stack.enter_context(sqlite_run(f"sqlite:///{folder / 'life.db'}"))
        self.now = NOON
        self._stack.enter_context(patch.object(store.deliveries, "database_now", lambda _: self.now))
        self.run(add_program)
        wanted = WebhookSettings("https://x.example/", ["handoff.opened"], ordered=self.ordered)
        self.hook = self.run(lambda c: create_webhook(c, VAULT, "acme", wanted, now=self.now)).id
        self.claims: list[Claim] = []
        self.owed: set[str] = set()
        self.arrived: set[str] = set()
        self.replayed = False

    def teardown(self) -> None:
        self._stack.close()

    def rows(self) -> list[Any]:
        return list(self.run(lambda c: c.execute(select(deliveries).order_by(deliveries.c.id)).all()))

    @rule(partner=partners, number=st.integers(1, 3))
    def owe(self, partner: str, number: int) -> None:
        for _ in range(number):
            n = len(self.owed) + 1
            row: dict[str, Any] = {
                "id": f"msg_{n:03}",
                "program": "acme",
                "webhook": self.hook,
                "type": "handoff.opened",
                "partner": partner,
                "sequence": n,
                "body": '{"n":1}',
                "created_at": self.now,
                "due_at": self.now,
            }
            self.run(partial(store.deliveries.add, rows=[row]))
            self.owed.add(row["id"])

    @rule(seconds=st.sampled_from([1, 31, 61, 4000]))
    def passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(room=st.integers(1, 4))
    def claims_some(self, room: int) -> None:
        found = self.run(lambda c: claim(c, room, limits=Limits(), lease=LEASE, loop_time=0))
        assert len(found.claims) <= room
        live = {row.id for row in self.rows() if row.leased_until and row.leased_until > self.now}
        assert {each.delivery.id for each in found.claims} <= live
        self.claims.extend(found.claims)

    @precondition(lambda self: self.claims)
    @rule()
    def are_taken_over(self) -> None:
        self.now += LEASE + timedelta(seconds=1)
        self.claims_some(4)

    @precondition(lambda self: self.claims)
    @rule(which=anything, ruling=st.sampled_from(RULINGS))
    def settles(self, which: int, ruling: Any) -> None:
        claimed = self.claims.pop(which % len(self.claims))
        before = {row.id: row for row in self.rows()}[claimed.delivery.id]
        mine = before.fence == claimed.delivery.fence and before.leased_until is not None
        outcome = Outcome(claimed, Attempt(self.now, 5, Answer(200)), ruling)
        settled = self.run(lambda c: settle(c, [outcome], patience=timedelta(days=5)))
        assert (claimed.claimed in settled.kept) == mine
        if mine and isinstance(ruling, Delivered):
            self.arrived.add(claimed.delivery.id)

    @rule()
    def is_disabled(self) -> None:
        self.run(lambda c: disable_webhook(c, "acme", self.hook, reason=None, by="me", now=self.now))

    @rule(replay=st.booleans())
    def is_enabled(self, replay: bool) -> None:
        self.replayed = True
        self.run(lambda c: enable_webhook(c, "acme", self.hook, replay=replay, now=self.now))

    @rule(status=st.sampled_from(["held", "dead"]))
    def is_replayed(self, status: Any) -> None:
        self.replayed = True
        try:
            n = self.run(lambda c: start(c, "acme", self.hook, Range(status), now=self.now)).n
        except Conflict:
            return
        while self.run(lambda c: go_on(c, self.hook, n, now=self.now)):
            pass

    @precondition(lambda self: self.owed)
    @rule(which=anything)
    def one_is_retried(self, which: int) -> None:
        self.replayed = True
        id_ = sorted(self.owed)[which % len(self.owed)]
        before = {row.id: row for row in self.rows()}[id_]
        try:
            self.run(lambda c: retry(c, "acme", id_, again=False, now=self.now))
        except Conflict:
            after = {row.id: row for row in self.rows()}[id_]
            assert after == before

    @invariant()
    def none_is_lost_or_doubled(self) -> None:
        assert {row.id for row in self.rows()} == self.owed

    @invariant()
    def what_arrived_is_delivered_for_good(self) -> None:
        states = {row.id: row.state for row in self.rows()}
        assert all(states[id_] == "delivered" for id_ in self.arrived)
        assert {id_ for id_, state in states.items() if state == "delivered"} == self.arrived

    @invariant()
    def nobody_has_the_same_claim(self) -> None:
        keys = [each.claimed for each in self.claims]
        assert len(keys) == len(set(keys))

    @invariant()
    def attempts_are_numbered_and_counted(self) -> None:
        made = self.run(lambda c: c.execute(select(attempts.c.delivery, attempts.c.n)).all())
        for row in self.rows():
            assert sorted(n for id_, n in made if id_ == row.id) == list(range(1, row.attempts + 1))
            assert row.uncounted <= row.attempts
            assert row.lost < MOST_LOST or row.state == "dead"

    @invariant()
    def a_partner_has_one_in_flight(self) -> None:
        if not self.ordered or self.replayed:
            return
        leased = [row.partner for row in self.rows() if row.leased_until and row.leased_until > self.now]
        assert len(leased) == len(set(leased))


def lives(template: Path, *, ordered: bool) -> None:
    """Play many."""
    machine = type("OneLife", (Life,), {"template": template, "ordered": ordered})
    quick = settings(
        max_examples=30,
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=quick)


def test_lives(sqlite_url: str) -> None:
    """Shown to fail by a settle that does not look at the fence."""
    lives(Path(make_url(sqlite_url).database or ""), ordered=False)


def test_lives_in_order(sqlite_url: str) -> None:
    """Shown to fail by a claim that takes what is due without a look at what came before."""
    lives(Path(make_url(sqlite_url).database or ""), ordered=True)
