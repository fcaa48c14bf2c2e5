"""Joined and left become one event that counts, however many fragments come, and in whatever order."""

import random
from datetime import timedelta
from itertools import permutations
from typing import Any, Literal

import pytest

from app.models import fragments as table
from app.services.contacts import erase_contact
from app.services.recording import Result
from app.services.verdicts import change_verdict
from app.sources.attending import Fragment, attendance
from tests.support.play import NOON, SIMPLE, Play, rows_of

LONG = {"id": "long", "on": "meeting.attended", "points": 20, "where": {"minutes": {"at_least": 30}}}
CAME = {"id": "came", "on": "meeting.attended", "points": 5}
START = NOON - timedelta(hours=2)


@pytest.fixture(autouse=True)
def _meetings_count(play: Play) -> None:
    play.activate({"rules": [*SIMPLE["rules"], CAME, LONG]})


def fragment(part: Literal["joined", "left"], minute: float, *, key: str = "k", **about: Any) -> Fragment:
    """Somebody came or went, some minutes after the meeting began."""
    facts = {"type": "meeting.attended", "contact": "Jo@firm.example", "partner": "p1", "properties": {}}
    return Fragment(key, part, START + timedelta(minutes=minute), about.pop("session", ""), facts | about)


def tells(play: Play, *fragments: Fragment) -> Result:
    """What a platform's request comes to."""
    return play.posts(fragments=fragments)[-1]


def standing(play: Play) -> dict[str, str]:
    """The events that stand, with their verdicts."""
    return {id_: verdict for id_, verdict in play.verdicts().items() if verdict != "superseded"}


def test_minutes_grow_and_points_never_double(play: Play) -> None:
    scores = [tells(play, fragment("joined", 0)).score, tells(play, fragment("left", 20)).score]
    scores += [tells(play, fragment("joined", 30)).score, tells(play, fragment("left", 45)).score]
    assert scores == [5, 5, 5, 25]
    assert list(standing(play).values()) == ["human"]


def test_in_one_request(play: Play) -> None:
    both = play.posts(fragments=[fragment("joined", 0), fragment("left", 40)])
    assert [(result.status, result.score) for result in both] == [("accepted", 25)] * 2
    assert len(play.verdicts()) == 1


def test_a_repeat_changes_nothing(play: Play) -> None:
    told = [fragment("joined", 0), fragment("left", 40)]
    play.posts(fragments=told)
    assert [tells(play, each).status for each in told] == ["duplicate", "duplicate"]
    assert play.partner().score == 25


def test_people_and_occasions_are_told_apart(play: Play) -> None:
    play.posts(
        fragments=[fragment("joined", 0), fragment("joined", 0, key="k|2"), fragment("left", 40, key="k2")]
    )
    assert len(standing(play)) == 3
    assert play.partner().score == 15


def test_sources_are_told_apart(play: Play) -> None:
    play.posts(fragments=[fragment("joined", 0)], source="a")
    play.posts(fragments=[fragment("left", 40)], source="b")
    assert play.partner().score == 10


def test_beside_events(play: Play) -> None:
    results = play.posts(play.event(), fragments=[fragment("joined", 0)])
    assert [result.id for result in results] == ["e1", attendance([fragment("joined", 0)]).id]
    assert play.partner().score == 6


def test_a_fragment_of_the_future_is_rejected_alone(play: Play) -> None:
    results = play.posts(fragments=[fragment("joined", 0), fragment("left", 130)])
    assert [result.status for result in results] == ["accepted", "rejected"]
    assert results[1].errors[0].path == "occurred_at"
    assert play.partner().score == 5


def test_a_handoff_stands_on_the_net_result(play: Play) -> None:
    """Longer attendance takes nothing away in between."""
    play.record(play.event("webinar.attended"), play.event("webinar.attended"))
    opened = tells(play, fragment("joined", 0)).handoff
    assert opened is not None
    tells(play, fragment("left", 40))
    assert play.handoff(opened).state == "open"


def test_a_handoff_that_shorter_attendance_would_not_have_opened(play: Play) -> None:
    """Somebody came again before they went, which is told late."""
    opened = tells(play, fragment("joined", 0), fragment("left", 40)).handoff
    assert opened is not None
    tells(play, fragment("joined", 30))
    assert play.handoff(opened).outcome == "withdrawn"
    assert play.partner().score == 5


def test_what_was_replaced_may_come_to_stand_again(play: Play) -> None:
    first = tells(play, fragment("joined", 0), fragment("left", 40)).id
    tells(play, fragment("joined", 30))
    tells(play, fragment("left", 30, session="x"))
    assert standing(play) == {first: "human"}
    assert play.partner().score == 25


@pytest.mark.parametrize("verdict", ["machine", "internal"])
def test_a_persons_word_holds_for_what_follows(play: Play, verdict: str) -> None:
    id_ = tells(play, fragment("joined", 0)).id
    play.do(change_verdict, "test", id_, verdict=verdict, reason="our own", by="admin")
    tells(play, fragment("left", 40))
    assert list(standing(play).values()) == [verdict]
    assert play.partner().score == 0
    play.do(change_verdict, "test", *standing(play), verdict="human", reason="not so", by="admin")
    assert play.partner().score == 25


def test_a_persons_word_on_an_earlier_event_holds_when_it_stands_again(play: Play) -> None:
    first = tells(play, fragment("joined", 0), fragment("left", 40)).id
    tells(play, fragment("joined", 30))
    play.do(change_verdict, "test", first, verdict="internal", reason="our own", by="admin")
    tells(play, fragment("left", 30, session="x"))
    assert standing(play) == {first: "internal"}


def test_parked(play: Play) -> None:
    tells(play, fragment("joined", 0, partner=None))
    tells(play, fragment("left", 40, partner=None))
    play.put(domains=["firm.example"])
    assert play.partner().score == 25


def test_an_erased_person_does_not_come_back(play: Play) -> None:
    tells(play, fragment("joined", 0))
    play.do(lambda c, program, now: erase_contact(c, program, "jo@firm.example"))
    tells(play, fragment("joined", 0), fragment("left", 40))
    assert play.partner().score == 25
    contacts = {
        contact for (contact,) in rows_of(play.run, table.select().with_only_columns(table.c.contact))
    }
    assert len(contacts) == 2  # the one who went said their name again


REGISTRANT, JO = "zoom:r1", "jo@firm.example"
TOLD = [("joined", 0, REGISTRANT), ("joined", 0, JO), ("left", 40, JO)]


@pytest.mark.parametrize("told", [*permutations(TOLD)], ids=str)
def test_who_it_was_may_be_told_late(play: Play, told: list[tuple[Any, int, str]]) -> None:
    """Leaving, or the same coming told again, names the person that coming did not."""
    play.put(domains=["firm.example"])
    for part, minute, who in told:
        tells(play, fragment(part, minute, contact=who, partner=None))
        assert len(standing(play)) == 1
    assert play.partner().score == 25
    again = tells(play, fragment("joined", 0, contact=REGISTRANT, partner=None))
    assert again.status == "duplicate"


def test_a_repeat_after_the_person_was_erased(play: Play) -> None:
    told = [fragment("joined", 0), fragment("left", 40)]
    play.posts(fragments=told)
    play.do(lambda c, program, now: erase_contact(c, program, "jo@firm.example"))
    play.posts(fragments=told)
    assert len(standing(play)) == 1
    assert play.partner().score == 25


@pytest.mark.parametrize("seed", range(6))
def test_any_order_of_arrival_ends_alike(play: Play, seed: int) -> None:
    """Random fragments in random requests: one event stands, the one that they come to all together."""
    dice = random.Random(seed)
    parts: list[Literal["joined", "left"]] = ["joined", "left"]
    places = {(dice.choice(parts), dice.randrange(0, 60, 5), dice.choice(["a", "b"])) for _ in range(10)}
    told = [fragment(part, minute, session=session) for part, minute, session in sorted(places)]
    left = [*told, *dice.choices(told, k=4)]
    dice.shuffle(left)
    while left:
        size = dice.randint(1, 3)
        tells(play, *left[:size])
        left = left[size:]
        assert len(standing(play)) == 1
    event = attendance(told)
    assert standing(play) == {event.id: "human"}
    assert play.partner().score == (25 if event.properties.get("minutes", 0) >= 30 else 5)
