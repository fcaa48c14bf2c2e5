"""Random lives of a program: whatever is done, in whatever order, a rebuild from the ledger is the same."""

import shutil
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select
from sqlalchemy.engine import make_url

from app.errors import Conflict, HandoffState, NotFound
from app.models import handoffs
from app.services.claiming import claim
from app.services.contacts import ContactData, erase_contact, put_contact
from app.services.introducing import introduce, teaches
from app.services.merging import merge, unmerge
from app.services.partners import archive_partner
from app.services.verdicts import change_verdict
from app.sources.adapter import Introduction
from app.sources.event import NewEvent
from tests.support.play import SIMPLE, Play, rows_of, sqlite_run

T = TypeVar("T")

RUBRICS: list[dict[str, Any]] = [
    {"handoff": SIMPLE["handoff"] | {"rearm_after_days": {"default": 2}}},
    {"fade": {"half_life_days": 3}, "floor": 0},
    {"fade": {"window_days": 4}, "time_zone": "Pacific/Auckland"},
    {
        "rules": [
            {
                "id": "a",
                "on": "page.viewed",
                "points": 2,
                "at_most": {"times": 2, "per": "week"},
                "group": "g",
            },
            {"id": "b", "on": "webinar.attended", "points": 9.5, "group": "g", "who": {"persona": ["owner"]}},
            {"id": "c", "on": "webinar.attended", "points": 4},
        ],
        "groups": {"g": {"at_most": {"points": 20, "per": "month"}}},
        "fade": {"half_life_days": 6},
        "handoff": {"at": 15, "gates": {"min_contacts": 1, "require_any": ["webinar.attended"]}},
    },
]

partners = st.sampled_from(["a", "b", "c"])
contacts = st.sampled_from(["jo@a.example", "li@b.example", "crm-7"])
kinds = st.sampled_from(["page.viewed", "webinar.attended", "webinar.attended", "email.unsubscribed"])
days = st.sampled_from([0, 0, 0, 1, 3, 9])


class Life(RuleBasedStateMachine):
    """One program on SQLite."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        file = Path(self.stack.enter_context(TemporaryDirectory())) / "life.db"
        shutil.copyfile(self.template, file)
        self.play = Play(self.stack.enter_context(sqlite_run(f"sqlite:///{file}")))
        self.events: list[NewEvent] = []

    @initialize(rubric=st.sampled_from(RUBRICS))
    def begin(self, rubric: dict[str, Any]) -> None:
        self.play.activate(rubric)

    @rule(kind=kinds, partner=partners, contact=st.none() | contacts, ago=days, number=st.integers(1, 3))
    def record(self, kind: str, partner: str, contact: str | None, ago: int, number: int) -> None:
        self.events += [self.play.event(kind, partner, contact=contact, ago=ago) for _ in range(number)]
        self.play.record(*self.events[-number:])

    @rule(kind=kinds, contact=contacts, ago=days)
    def record_for_contact(self, kind: str, contact: str, ago: int) -> None:
        self.events.append(self.play.event(kind, None, contact=contact, ago=ago))
        self.play.record(self.events[-1])

    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        if self.events:
            again = data.draw(st.lists(st.sampled_from(self.events), min_size=1, max_size=5))
            assert {each.status for each in self.play.record(*again)} == {"duplicate"}

    @rule(data=st.data(), verdict=st.sampled_from(["human", "machine", "internal"]))
    def judge(self, data: st.DataObject, verdict: str) -> None:
        if self.events:
            id_ = data.draw(st.sampled_from(self.events)).id
            self.play.do(change_verdict, "test", id_, verdict=verdict, reason="so it looks", by="rep")

    @rule(partner=partners, domains=st.sets(st.sampled_from(["a.example", "b.example"])))
    def put(self, partner: str, domains: set[str]) -> None:
        self.play.put(partner, domains=sorted(domains))

    @rule(partner=partners)
    def archive(self, partner: str) -> None:
        self.play.put(partner)
        self.play.do(archive_partner, partner)

    @rule(contact=contacts, partner=st.none() | partners, persona=st.sampled_from(["owner", "sales"]))
    def put_contact(self, contact: str, partner: str | None, persona: str) -> None:
        self.play.put("a")
        email = "jo@a.example" if contact == "crm-7" else None
        who = ContactData(id=contact, email=email, partner=partner, name=None, persona=persona)
        _unless(Conflict, lambda: self.play.do(put_contact, who))

    @rule(contact=contacts, alias=contacts | st.just("mautic:26"), partner=st.none() | partners)
    def introduce(self, contact: str, alias: str, partner: str | None) -> None:
        told = [Introduction(contact, (alias,), partner=partner)]
        self.play.do(introduce, told)
        assert not self.play.run(lambda c: teaches(c, "acme", told))

    @rule(contact=contacts)
    def erase(self, contact: str) -> None:
        _unless(NotFound, lambda: self.play.run(lambda c: erase_contact(c, "acme", contact)))

    @rule(one=partners, other=partners)
    def merge(self, one: str, other: str) -> None:
        for each in (one, other):
            self.play.happens(partner=each)
        _unless(Conflict, lambda: self.play.do(merge, one, other))

    @rule(partner=partners)
    def unmerge(self, partner: str) -> None:
        self.play.happens(partner=partner)
        _unless(Conflict, lambda: self.play.do(unmerge, partner))

    @rule(data=st.data())
    def claim(self, data: st.DataObject) -> None:
        if known := self.handoffs():
            id_ = data.draw(st.sampled_from(known))
            _unless(HandoffState, lambda: self.play.do(claim, id_, by="rep"))

    @rule(data=st.data(), outcome=st.sampled_from(["accepted", "rejected", "unreachable"]))
    def close(self, data: st.DataObject, outcome: str) -> None:
        if known := self.handoffs():
            id_ = data.draw(st.sampled_from(known))
            self.play.close(id_, outcome)

    @rule(rubric=st.sampled_from(RUBRICS), past=st.booleans())
    def activate(self, rubric: dict[str, Any], past: bool) -> None:
        self.play.activate(rubric, open_for_past=past)

    @rule(number=st.integers(1, 5))
    def days_pass(self, number: int) -> None:
        self.play.passes(number)

    @invariant()
    def at_most_one_unfinished(self) -> None:
        unfinished = select(func.count()).where(handoffs.c.state != "closed").group_by(handoffs.c.partner)
        assert set(rows_of(self.play.run, unfinished)) <= {(1,)}

    def handoffs(self) -> list[str]:
        """All that are not closed, oldest first."""
        query = select(handoffs.c.id).where(handoffs.c.state != "closed").order_by(handoffs.c.id)
        return [row[0] for row in rows_of(self.play.run, query)]

    def teardown(self) -> None:
        """A rebuild changes nothing."""
        self.play.settle()
        found = self.play.differences()
        self.stack.close()
        assert found == []


def _unless(refusal: type[Exception], work: Callable[[], T]) -> T | None:
    """Do it, or be refused."""
    try:
        return work()
    except refusal:
        return None


def test_any_life(sqlite_url: str) -> None:
    Life.template = Path(str(make_url(sqlite_url).database))
    bounds = settings(max_examples=25, stateful_step_count=25, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(Life, settings=bounds)
