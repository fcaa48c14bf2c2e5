"""A thousand events cost no more statements than one; fewer, where something is remembered by then."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, event

from app.services.introducing import introduce, teaches
from app.services.merging import merge
from app.services.recording import record
from app.services.scores import scores_of_partners
from app.services.settled_clicks import count_settled
from app.services.source_events import record_from_source
from app.sources.adapter import Introduction
from app.sources.attending import Fragment
from app.sources.event import NewEvent
from tests.support.play import Play

SIZES = (1, 100, 1_000)


def cost(play: Play, events: list[NewEvent]) -> int:
    """Statements to record the events in one transaction."""
    return statements(play, lambda c: record(c, play.program, events, now=play.now))


def statements(play: Play, what: Callable[[Connection], object]) -> int:
    """How many it takes to do it."""

    def work(connection: Connection) -> int:
        found: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            found.append(statement)

        event.listen(connection, "before_cursor_execute", note)
        what(connection)
        return len(found)

    return play.run(work)


def test_new_partners(play: Play) -> None:
    costs = [cost(play, [play.event(partner=f"{size}-{n}") for n in range(size)]) for size in SIZES]
    assert max(costs) == costs[0]
    assert costs[0] < 20


def test_known_partners_and_repeats(play: Play) -> None:
    old = [play.event(partner=f"p{n}") for n in range(SIZES[-1])]
    play.record(*old)
    costs = [cost(play, [*old[:size], *(play.event(partner=f"p{n}") for n in range(size))]) for size in SIZES]
    assert max(costs) == costs[0]


def test_contacts_and_domains(play: Play) -> None:
    play.activate({"bands": {}, "handoff": None})
    play.put(domains=["firm.example"])
    play.happens()
    costs = [
        cost(play, [play.event(partner=None, contact=f"jo{n}@firm.example") for n in range(size)])
        for size in SIZES
    ]
    assert max(costs) == costs[0]


def test_aliases(play: Play) -> None:
    """Of people whose partner is known by the domain of their address."""
    play.activate({"bands": {}, "handoff": None})
    play.put(domains=["firm.example"])
    play.happens()
    play.do(introduce, [Introduction(f"u{n}", email=f"jo{n}@firm.example") for n in range(SIZES[-1])])
    costs = [cost(play, [play.event(partner=None, contact=f"u{n}") for n in range(size)]) for size in SIZES]
    assert max(costs) == costs[0]


def test_introductions(play: Play) -> None:
    """To see whether they are news, and to learn them and count what waited."""
    asking, learning = set(), set()
    for size in SIZES:
        play.record(*(play.event(partner=None, contact=f"a{size}-{n}") for n in range(size)))
        people = [f"{size}-{n}" for n in range(size)]
        told = [Introduction(f"u{who}", (f"a{who}",), f"{who}@x.example", None, f"p{who}") for who in people]
        asking.add(statements(play, partial(teaches, program=play.program, introductions=told)))
        learning.add(
            statements(play, partial(introduce, program=play.program, introductions=told, now=play.now))
        )
        again = [replace(each, name="Jo") for each in told]
        asking.add(statements(play, partial(teaches, program=play.program, introductions=again)))
    assert asking == {1, 2}
    assert len(learning) == 1
    assert learning.pop() < 40


def test_crossings(play: Play) -> None:
    """Hand-offs with their lines and talking points."""
    for size in SIZES[:2]:
        play.record(*(play.event("webinar.attended", f"{size}-{n}") for n in range(size) for _ in range(2)))
    costs = [
        cost(play, [play.event("webinar.attended", f"{size}-{n}") for n in range(size)]) for size in SIZES[:2]
    ]
    assert max(costs) == costs[0]


@pytest.mark.parametrize("fade", [{"half_life_days": 9}, {"window_days": 9}])
def test_caps_and_groups(play: Play, fade: dict[str, int]) -> None:
    capped = {
        "id": "a",
        "on": "page.viewed",
        "points": 1,
        "at_most": {"times": 2, "per": "week"},
        "group": "g",
    }
    play.activate(
        {"fade": fade, "rules": [capped], "groups": {"g": {"at_most": {"points": 3, "per": "month"}}}}
    )
    costs = [
        cost(play, [play.event(partner=f"{size}-{n % 50}", ago=n % 30) for n in range(size)])
        for size in SIZES
    ]
    assert max(costs) == costs[0]


def test_scores_of_known_partners(play: Play) -> None:
    """Merged ones too; the first time, the rulebook is read besides."""
    play.record(*(play.event(partner=f"p{n}", contact=f"jo{n}") for n in range(100)))
    play.do(merge, "p1", "p2")
    read = partial(scores_of_partners, program=play.program, now=play.now)
    statements(play, partial(read, partners=["p1"]))
    assert [
        statements(play, partial(read, partners=[f"p{n}" for n in range(size)])) for size in (2, 100)
    ] == [4, 4]


def plain(play: Play, type_: str) -> None:
    """Fifty partners that are known already, and points without bands."""
    play.activate({"rules": [{"id": "a", "on": type_, "points": 5}], "bands": {}, "handoff": None})
    play.record(*(play.event(type_, f"p{n}") for n in range(50)))


def from_source(play: Play, *events: NewEvent, fragments: Sequence[Fragment] = (), settle: int = 0) -> int:
    """Statements to record what a platform posts."""
    work = partial(
        record_from_source,
        program=play.program,
        source="test",
        events=events,
        fragments=fragments,
        settle_seconds=settle,
        now=play.now,
    )
    return statements(play, work)


@pytest.mark.parametrize("settle", [0, 60])
def test_bursts(play: Play, settle: int) -> None:
    """The second half of each burst takes back the first."""
    plain(play, "email.clicked")
    costs = set()
    for size in SIZES:
        halves = [
            [
                play.event(
                    "email.clicked", f"p{n % 50}", contact=f"jo{size}-{n}", ago=1, url=link, message="m"
                )
                for n in range(size)
            ]
            for link in ("/a", "/b")
        ]
        costs.add(
            (from_source(play, *halves[0], settle=settle), from_source(play, *halves[1], settle=settle))
        )
    assert len(costs) == 1


def test_attendances(play: Play) -> None:
    """Those who leave take back that they only came."""
    plain(play, "meeting.attended")
    costs = set()
    for size in SIZES:
        facts = {"type": "meeting.attended", "partner": "p1", "properties": {}}
        came = [Fragment(f"{size}-{n}", "joined", play.now - timedelta(1), facts=facts) for n in range(size)]
        left = [Fragment(f"{size}-{n}", "left", play.now, facts=facts) for n in range(size)]
        costs.add((from_source(play, fragments=came), from_source(play, fragments=left)))
    assert len(costs) == 1


def test_settled_clicks(play: Play) -> None:
    plain(play, "email.clicked")
    costs = set()
    for size in SIZES:
        play.posts(*(play.event("email.clicked", f"p{n % 50}") for n in range(size)), settle=60)
        play.now += timedelta(seconds=60)
        costs.add(statements(play, partial(count_settled, program=play.program, now=play.now)))
    assert len(costs) == 1
