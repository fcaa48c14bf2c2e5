"""When a hand-off opens, when it does not, and when it may again."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app import store
from app.errors import HandoffState
from app.models import deliveries
from app.services.adjusting import adjust
from app.services.claiming import claim
from app.services.merging import merge
from app.services.partners import archive_partner
from tests.delivery.owing import WEBHOOK
from tests.support.play import SIMPLE, Play

HANDOFF = SIMPLE["handoff"]


def webinars(play: Play, number: int = 3, partner: str = "p1", **about: Any) -> str | None:
    """So many webinars at once; the hand-off they open."""
    results = play.record(*(play.event("webinar.attended", partner, **about) for _ in range(number)))
    return next((each.handoff for each in results if each.handoff), None)


def test_opens_once_and_says_why(play: Play) -> None:
    play.put(name="Firm", owner="rep@vendor.example")
    assert webinars(play, 2) is None
    id_ = webinars(play, 1, contact="jo@firm.example")
    shown = play.handoff(str(id_))
    assert (shown.score, shown.threshold, shown.band, shown.owner) == (30, 25, "hot", "rep@vendor.example")
    assert sum(line.faded_points for line in shown.lines) == shown.score
    assert (shown.trigger.type, shown.trigger.contact) == ("webinar.attended", "jo@firm.example")
    assert "webinar" in shown.talking_points[0]
    assert webinars(play) is None


def test_the_event_that_opened_it_is_told(play: Play) -> None:
    results = play.record(*(play.event("webinar.attended", id_=f"w{n}") for n in range(3)))
    (opener,) = (each for each in results if each.handoff)
    assert play.handoff(str(opener.handoff)).trigger.event == opener.id


def test_webhooks_are_told_what_get_answers(play: Play) -> None:
    """Shown to fail by a message without the partner's name."""
    about = {"id": "w1", "program": play.program, "url": "https://crm.example/", "types": ["handoff.opened"]}
    play.run(lambda c: store.webhooks.add(c, **WEBHOOK, **about, enabled=True, created_at=play.now))
    play.put(name="Zürich €", owner="rep@vendor.example")
    opened = webinars(play, contact="jo@firm.example")
    message = json.loads(play.run(lambda c: c.scalars(select(deliveries.c.body)).one()))
    assert message["data"].pop("sequence") > 0
    assert message["data"] == play.handoff(str(opened)).model_dump(mode="json")


@pytest.mark.parametrize(
    ("wanted", "number", "has_to_do"),
    [
        ("rubric.activated", 1, (False, False)),
        ("score.band_changed", 1, (True, False)),
        ("rubric.activated", 3, (False, True)),
        ("handoff.opened", 3, (True, True)),
    ],
    ids=["band, unwanted", "band", "hand-off, unwanted", "hand-off"],
)
def test_who_else_has_to_do(play: Play, wanted: str, number: int, has_to_do: tuple[bool, bool]) -> None:
    """The worker only if something is owed, or it would look for it after each group of events."""
    about = {"id": "w1", "program": play.program, "url": "https://crm.example/", "types": [wanted]}
    play.run(lambda c: store.webhooks.add(c, **WEBHOOK, **about, enabled=True, created_at=play.now))
    play.put()
    results = play.record(*(play.event("webinar.attended") for _ in range(number)))
    assert {(each.told, each.moved) for each in results} == {has_to_do}


def test_repeats_open_nothing(play: Play) -> None:
    events = [play.event("webinar.attended") for _ in range(3)]
    id_ = play.record(*events)[-1].handoff
    play.close(str(id_), "accepted")
    play.passes(40)
    assert {each.handoff for each in play.record(*events)} == {None}


def test_points_that_a_person_gives_open_one_too(play: Play) -> None:
    play.put()
    play.do(adjust, "p1", id_="a", points=30, reason="asked", by="rep")
    assert play.partner().open_handoff is not None


def test_points_that_a_person_takes_open_none(play: Play) -> None:
    play.put()
    play.do(adjust, "p1", id_="a", points=-30, reason="mistaken", by="rep")
    assert play.partner().open_handoff is None


def test_a_falling_score_opens_nothing(play: Play) -> None:
    webinars(play, 5, ago=8)
    assert play.happens("email.unsubscribed").handoff is None
    assert play.happens().handoff is not None


def test_old_events_open_nothing(play: Play) -> None:
    assert webinars(play, ago=7.01) is None
    assert play.partner().score == 30
    assert webinars(play, 1, ago=6.99) is not None


@pytest.mark.parametrize("outcome", ["accepted", "rejected"])
def test_re_armed_by_level(play: Play, outcome: str) -> None:
    play.close(str(webinars(play)), outcome)
    play.happens("email.unsubscribed")
    assert webinars(play) is None  # 15 is not below 15
    play.happens("email.unsubscribed")
    play.happens("email.unsubscribed")
    play.happens("email.unsubscribed")
    assert webinars(play) is not None


def test_not_re_armed_while_open(play: Play) -> None:
    webinars(play)
    for _ in range(3):
        play.happens("email.unsubscribed")
    assert webinars(play, 6) is None


@pytest.mark.parametrize(("outcome", "days"), [("accepted", 30), ("rejected", 90), ("unreachable", 14)])
def test_re_armed_by_time(play: Play, outcome: str, days: int) -> None:
    play.activate(
        {"handoff": HANDOFF | {"rearm_after_days": {"default": 30, "rejected": 90, "unreachable": 14}}}
    )
    play.close(str(webinars(play)), outcome)
    play.passes(days - 1)
    assert (play.partner().armed, play.happens().handoff) == (False, None)
    play.passes(1)
    assert play.happens().handoff is not None


def test_closing_alone_does_not_open_another(play: Play) -> None:
    play.close(str(webinars(play)))
    assert webinars(play) is None


def test_claimed_by_one(play: Play) -> None:
    id_ = str(webinars(play))
    play.claim(id_)
    with pytest.raises(HandoffState):
        play.do(claim, id_, by="another")


def test_due(play: Play) -> None:
    play.activate({"handoff": HANDOFF | {"due_hours": 4}})
    assert play.handoff(str(webinars(play))).due_at == play.now + timedelta(hours=4)


def test_archived_partners_open_nothing_until_they_are_back(play: Play) -> None:
    play.put()
    play.do(archive_partner, "p1")
    assert webinars(play) is None
    play.put()
    assert webinars(play, 1) is not None


def test_who_is_merged_into_an_archived_partner_opens_nothing(play: Play) -> None:
    for name in "ab":
        play.put(name)
    play.do(archive_partner, "a")
    play.do(merge, "b", "a")
    assert webinars(play, partner="b") is None


def test_an_archived_partner_merged_into_another_opens_that_ones(play: Play) -> None:
    for name in "ab":
        play.put(name)
    play.do(archive_partner, "a")
    play.do(merge, "a", "b")
    assert webinars(play, partner="a") is not None


class TestGates:
    """Whatever else must hold."""

    def test_min_grade(self, play: Play) -> None:
        fit = {
            "rules": [{"id": "size", "where": {"employees": {"at_least": 10}}, "points": 10}],
            "grades": {"A": 10, "B": 5, "C": 0},
        }
        play.activate({"fit": fit, "handoff": HANDOFF | {"gates": {"min_grade": "B"}}})
        play.put(attributes={"employees": 9})
        assert webinars(play) is None
        play.put(attributes={"employees": 10})
        assert webinars(play, 1) is not None

    def test_min_contacts(self, play: Play) -> None:
        gates = {"min_contacts": 2, "contacts_within_days": 5}
        play.activate({"handoff": HANDOFF | {"gates": gates}})
        assert webinars(play, contact="a@firm.example") is None
        assert webinars(play, 1, contact="b@firm.example", ago=5) is None
        assert webinars(play, 1, contact="b@firm.example", ago=4) is not None

    def test_machines_are_no_contacts(self, play: Play) -> None:
        play.activate({"handoff": HANDOFF | {"gates": {"min_contacts": 2}}})
        play.happens(contact="b@firm.example", verdict="machine")
        assert webinars(play, contact="a@firm.example") is None

    def test_require_any(self, play: Play) -> None:
        gates = {"require_any": ["demo.asked", "tradeshow.attended"], "within_days": 5}
        play.activate({"handoff": HANDOFF | {"gates": gates}})
        assert webinars(play) is None
        play.happens("demo.asked", ago=5)
        assert webinars(play, 1) is None
        play.happens("demo.asked", ago=4)
        assert webinars(play, 1) is not None
