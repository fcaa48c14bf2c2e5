"""The burst rule takes back what a machine's clicks have earned, whenever the rest of the burst arrives."""

import random
from datetime import timedelta
from typing import Any

import pytest

from app.services.contacts import ContactData, put_contact
from app.services.verdicts import change_verdict
from app.sources.event import NewEvent
from app.sources.machines import Click, burst
from tests.support.play import SIMPLE, Play

CLICK = {"id": "click", "on": "email.clicked", "points": 5}
LINKS = [f"https://vendor.example/{name}" for name in ("a", "b", "c")]


@pytest.fixture(autouse=True)
def _clicks_count(play: Play) -> None:
    play.activate({"rules": [*SIMPLE["rules"], CLICK]})


def click(
    play: Play,
    link: str = LINKS[0],
    *,
    after: float = 0,
    contact: str | None = "jo@firm.example",
    message: str = "m1",
    **about: Any,
) -> NewEvent:
    """A click, some seconds after noon an hour ago."""
    ago = (3_600 - after) / 86_400
    return play.event("email.clicked", contact=contact, ago=ago, url=link, message=message, **about)


def test_in_one_request(play: Play) -> None:
    play.posts(*(click(play, link, after=n) for n, link in enumerate(LINKS)))
    assert set(play.verdicts().values()) == {"machine"}
    assert play.partner().score == 0


def test_points_already_given_are_taken_back(play: Play) -> None:
    assert play.posts(click(play, LINKS[0]))[0].score == 5
    assert play.posts(click(play, LINKS[1], after=5))[0].score == 0
    assert set(play.verdicts().values()) == {"machine"}


@pytest.mark.parametrize(
    "other",
    [
        {"after": 5.001},
        {"after": -5.001},
        {"link": LINKS[0]},
        {"message": "m2"},
        {"contact": "jim@firm.example"},
        {"contact": None},
    ],
    ids=["later", "earlier", "same link", "other message", "other contact", "no contact"],
)
def test_no_burst(play: Play, other: dict[str, Any]) -> None:
    play.posts(click(play))
    play.posts(click(play, **({"link": LINKS[1]} | other)))
    assert play.partner().score == 10


@pytest.mark.parametrize("ahead", [None, timedelta(), timedelta(minutes=1)], ids=str)
def test_no_burst_where_the_time_is_ours(play: Play, ahead: timedelta | None) -> None:
    """A click without a time, or of a clock that is ahead, is as old as its request."""
    told = None if ahead is None else play.now + ahead
    for link in LINKS:
        play.posts(click(play, link).model_copy(update={"occurred_at": told}))
    assert play.partner().score == 15


def test_of_another_source(play: Play) -> None:
    """What one platform calls a message says nothing about what another calls so."""
    play.posts(click(play))
    play.posts(click(play, LINKS[1]), source="other")
    assert play.partner().score == 10


def test_events_that_were_not_posted_to_a_source_are_taken_at_their_word(play: Play) -> None:
    play.record(click(play), click(play, LINKS[1]))
    assert play.partner().score == 10


def test_campaign_where_there_is_no_message(play: Play) -> None:
    for link in LINKS[:2]:
        play.posts(play.event("email.clicked", contact="jo@firm.example", ago=1, url=link, campaign="spring"))
    assert play.partner().score == 0


def test_a_repeat_and_a_conflict_change_nothing(play: Play) -> None:
    event = click(play)
    play.posts(event)
    assert play.posts(event)[0].status == "duplicate"
    assert play.posts(click(play, LINKS[1], id_=event.id))[0].status == "conflict"
    assert play.partner().score == 5


def test_an_unsubscription_inside_a_burst_is_true(play: Play) -> None:
    """A scanner follows the link to unsubscribe, too; that it did so, the platform tells besides."""
    told = play.event("email.unsubscribed", contact="jo@firm.example", ago=1 / 24, message="m1")
    play.posts(click(play), click(play, "https://vendor.example/unsubscribe", after=1), told)
    assert (play.verdicts()[told.id], play.partner().score) == ("human", -15)


def test_a_handoff_that_no_longer_stands_is_withdrawn(play: Play) -> None:
    """Of which webhooks are told, though no band has changed."""
    play.activate({"rules": [*SIMPLE["rules"], CLICK], "bands": {}})
    play.record(*(play.event("webinar.attended") for _ in range(2)))
    opened = play.posts(click(play))[0].handoff
    assert opened is not None
    result = play.posts(click(play, LINKS[1], after=1))[0]
    shown = play.handoff(opened)
    assert (shown.state, shown.outcome) == ("closed", "withdrawn")
    assert "20 of 25" in str(shown.reason)
    assert result.told
    assert result.moved
    assert result.handoff is None


def test_no_crossing_in_between(play: Play) -> None:
    """The webinar is worth enough only with the click that it shows up."""
    play.record(play.event("webinar.attended"))
    play.posts(click(play))
    webinar = play.event("webinar.attended", contact="jo@firm.example")
    results = play.posts(click(play, LINKS[1], after=2), webinar)
    assert [result.handoff for result in results] == [None, None]
    assert play.partner().score == 20


@pytest.mark.parametrize("verdict", ["human", "machine", "internal"])
def test_a_persons_word_stands(play: Play, verdict: str) -> None:
    event = click(play)
    play.posts(event)
    play.do(change_verdict, "test", event.id, verdict=verdict, reason="seen", by="admin")
    other = click(play, LINKS[1])
    play.posts(other)
    assert play.verdicts() == {event.id: verdict, other.id: "machine"}


def test_a_person_can_reverse_the_rule(play: Play) -> None:
    events = [click(play, link) for link in LINKS]
    play.posts(*events)
    play.do(change_verdict, "test", events[0].id, verdict="human", reason="it was me", by="admin")
    play.posts(click(play, "https://vendor.example/d"))
    assert play.partner().score == 5


def test_parked_clicks_are_judged_before_they_count(play: Play) -> None:
    play.posts(click(play, partner=None))
    play.posts(click(play, LINKS[1], partner=None))
    play.do(put_contact, ContactData("jo@firm.example", partner="p1"))
    assert play.partner().score == 0


def test_a_contact_that_changed_partners(play: Play) -> None:
    """Each partner gives back its own."""
    play.posts(click(play, partner="p1"))
    play.posts(click(play, LINKS[1], partner="p2"))
    assert play.scores() == {"p1": 0, "p2": 0}


@pytest.mark.parametrize("seed", range(6))
def test_any_order_of_arrival_ends_alike(play: Play, seed: int) -> None:
    """Random clicks in random requests; in the end they are judged as all at once would be."""
    dice = random.Random(seed)
    events = [
        click(
            play,
            dice.choice(LINKS),
            after=dice.randrange(0, 240) / 4,
            contact=dice.choice(["jo@firm.example", "jim@firm.example"]),
            message=dice.choice(["m1", "m2"]),
            id_=f"e{n}",
        )
        for n in range(30)
    ]
    left = [*events, *dice.choices(events, k=5)]
    dice.shuffle(left)
    while left:
        size = dice.randint(1, 6)
        play.posts(*left[:size], settle=dice.choice([0, 0, 600]))
        left = left[size:]
    machines = machines_of(events)
    found = play.verdicts()
    assert {id_ for id_, verdict in found.items() if verdict == "machine"} == machines
    assert 0 < len(machines) < len(events)
    assert play.partner().score == 5 * sum(verdict == "human" for verdict in found.values())


def machines_of(events: list[NewEvent]) -> set[str]:
    """What the rule says of all clicks together."""
    groups: dict[object, list[Click]] = {}
    for event in events:
        assert event.occurred_at is not None
        told = Click(event.id, event.properties["url"], event.occurred_at)
        groups.setdefault((event.contact, event.properties["message"]), []).append(told)
    return {id_ for clicks in groups.values() for id_ in burst(clicks)}


def test_many_clicks_of_one_contact(play: Play) -> None:
    """Those within reach of the other link are a burst with it, and no others."""
    events = [click(play, LINKS[0], after=n / 10) for n in range(300)]
    play.posts(*events)
    assert play.partner().score == 1_500
    play.posts(click(play, LINKS[1], after=0.05))
    assert sum(verdict == "machine" for verdict in play.verdicts().values()) == 1 + 51
