"""Recording: one result for each event, in order, and nothing that depends on the order of arrival."""

import random
from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app import store
from app.errors import NotFound
from app.scoring.reading import read_rubric
from app.services.recording import record
from app.sources.event import NewEvent
from tests.support import oracle
from tests.support.play import SIMPLE, Play

CAPPED = {
    "time_zone": "America/Denver",
    "fade": {"half_life_days": 7},
    "rules": [
        {
            "id": "visit",
            "on": "page.viewed",
            "points": 1,
            "at_most": {"times": 2, "per": "day"},
            "group": "g",
        },
        {"id": "deals", "on": "page.viewed", "points": 2.5, "where": {"path": {"starts_with": "/deals"}}},
        {"id": "webinar", "on": "webinar.attended", "points": 10, "group": "g"},
    ],
    "groups": {"g": {"at_most": {"points": 11.5, "per": "week"}}},
}


def test_each_event_has_its_result_in_order(play: Play) -> None:
    known = play.event(id_="known")
    play.record(known)
    results = play.record(
        play.event(id_="new"),
        known,
        known.model_copy(update={"type": "other"}),
        play.event(id_="whose", partner=None, contact="who@nowhere.example"),
        play.event(id_="tomorrow", ago=-1),
        play.event(id_="new"),
    )
    assert [(each.id, each.status) for each in results] == [
        ("new", "accepted"),
        ("known", "duplicate"),
        ("known", "conflict"),
        ("whose", "parked"),
        ("tomorrow", "rejected"),
        ("new", "duplicate"),
    ]
    assert [each.score for each in results] == [2, 2, 2, None, None, 2]


@pytest.mark.parametrize(
    ("verdict", "given", "kept"),
    [
        ("machine", "flagged by Mailgun: apple", "flagged by Mailgun: apple"),
        ("machine", None, "as sent"),
        ("human", "it looks like one", None),
    ],
)
def test_a_verdict_keeps_the_reason_it_was_sent_with(
    play: Play, verdict: str, given: str | None, kept: str | None
) -> None:
    event = play.event(id_="e", verdict=verdict)
    play.record(event.model_copy(update={"verdict_reason": given}))
    (stored,) = play.run(lambda c: store.ledger.by_keys(c, "acme", [("test", "e")])).values()
    assert stored.verdict_reason == kept


def test_first_of_two_contents_in_one_request_stays(play: Play) -> None:
    first, second = play.event(id_="e"), play.event("webinar.attended", id_="e")
    assert [each.status for each in play.record(first, second)] == ["accepted", "conflict"]
    assert play.partner().score == 1


def test_a_sender_whose_clock_is_a_little_fast(play: Play) -> None:
    assert play.happens(ago=-4 / 1440).status == "accepted"
    assert play.partner().last_event_at == play.now


@pytest.mark.parametrize("ago", [-6 / 1440, 365 * 127])
def test_times_that_cannot_be(play: Play, ago: float) -> None:
    result = play.happens(ago=ago)
    assert (result.status, result.errors[0].path) == ("rejected", "occurred_at")


def test_a_late_event_is_not_the_last_one(play: Play) -> None:
    play.happens(ago=1)
    play.happens(ago=20)
    assert play.partner().last_event_at == play.now - timedelta(days=1)


@pytest.mark.parametrize("verdict", ["machine", "internal"])
def test_only_people_count(play: Play, verdict: str) -> None:
    assert play.happens("webinar.attended", verdict=verdict).score == 0
    assert play.partner().last_event_at is None


def test_an_unknown_program(play: Play) -> None:
    with pytest.raises(NotFound):
        play.run(lambda c: record(c, "nobody", [play.event()], now=play.now))


def test_programs_are_apart(play: Play) -> None:
    other = Play(play.run, "other")
    other.activate()
    event = play.event()
    assert [each.record(event)[0].status for each in (play, other)] == ["accepted", "accepted"]
    assert (play.partner().score, other.partner().score) == (1, 1)


def test_a_sum_of_any_size(play: Play) -> None:
    """One statement holds 2,000 events, with text of many kinds in them."""
    events = [play.event(partner=f"p{n % 7}", title="Zürich € \"'\\ \U0001f600", n=n) for n in range(2000)]
    assert {each.status for each in play.record(*events)} == {"accepted"}
    assert sum(play.scores().values()) == 2000


moments = st.integers(0, 40 * 24).map(lambda hours: hours / 24)
kinds = st.tuples(
    st.sampled_from(["page.viewed", "webinar.attended"]), st.sampled_from(["/deals/x", "/jobs"])
)
streams = st.lists(st.tuples(st.sampled_from(["p1", "p2"]), kinds, moments), min_size=1, max_size=20)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stream=streams, data=st.data())
def test_order_and_repeats_change_nothing(
    play: Play, stream: list[tuple[str, tuple[str, str], float]], data: st.DataObject
) -> None:
    """Any order, any grouping, any repeats: the scores are the oracle's."""
    round_ = Play(play.run, f"r{uuid4().hex}")
    round_.activate(CAPPED)
    events = [round_.event(kind, partner, ago=ago, path=path) for partner, (kind, path), ago in stream]
    sent = data.draw(st.permutations(events + events[: len(events) // 2]))
    while sent:
        size = data.draw(st.integers(1, 5))
        round_.record(*sent[:size])
        sent = sent[size:]
    assert round_.scores() == pytest.approx(expected(round_, events), abs=1.1e-6)
    assert round_.differences() == []


def expected(play: Play, events: list[NewEvent]) -> dict[str, float]:
    """The oracle's scores."""
    facts = [oracle.Fact(str(e.partner), e.type, e.occurred_at or play.now, e.properties) for e in events]
    return oracle.scores(read_rubric(SIMPLE | CAPPED), facts, now=play.now)


def test_the_longest_names_there_can_be(play: Play) -> None:
    """255 characters of four bytes each; PostgreSQL bounds what an index can hold."""
    dice = random.Random(1)
    name, who, source, id_ = (
        "".join(chr(dice.randint(0x10000, 0x1FFFF)) for _ in range(255)) for _ in range(4)
    )
    event = play.event(partner=name, contact=who, id_=id_).model_copy(update={"source": source})
    assert play.record(event)[0].status == "accepted"
    assert play.scores() == {name: 1}
