"""A preview is what activation then does, and what a computation from scratch says."""

from collections import Counter
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.errors import Invalid, NotFound
from app.scoring.fit import band_of
from app.scoring.rubric import Rubric
from app.services.activating import switch
from app.services.adjusting import adjust
from app.services.comparing import Found, compare
from app.services.partners import archive_partner
from app.services.previewing import get_preview, list_passing, save_preview, start_preview
from app.services.rubrics import drop_rubric
from app.services.signal_counting import count_some, missing_signals
from app.store.previews import Item, Key
from tests.scoring.strategies import rubrics
from tests.support import oracle
from tests.support.play import SIMPLE, Play

TWICE: dict[str, Any] = {"rules": [{**SIMPLE["rules"][1], "points": 20}]}
DEEP: dict[str, Any] = {
    "rules": [{"id": "deep", "on": "page.viewed", "points": 30, "where": {"path": {"starts_with": "/d"}}}]
}


def preview(play: Play, version: int, *, as_of: date | None = None) -> Found:
    """Count, compare and keep, as the service does."""
    key: Key = play.do(start_preview, version, as_of=as_of)
    while not play.run(lambda c: count_some(c, play.program, version)):
        pass
    found = play.run(lambda c: compare(c, key))
    play.run(lambda c: save_preview(c, key, found, now=play.now))
    return found


def after(found: Found, before: dict[str, float]) -> dict[str, float]:
    """Everybody's score as previewed; so few partners that all who move are among the movers."""
    movers = found.result["movers"]
    assert {each["partner"]: each["before"] for each in movers}.items() <= before.items()
    return before | {each["partner"]: each["after"] for each in movers}


bands = st.dictionaries(st.sampled_from(["cold", "warm", "hot"]), st.integers(-5, 20), min_size=1)
zones = st.sampled_from(["UTC", "America/Denver", "Asia/Kolkata"])


@st.composite
def candidates(draw: st.DrawFn) -> Rubric:
    """A random rubric with bands and a threshold."""
    levels = draw(bands)
    more = {"handoff": {"at": draw(st.integers(1, 15)), "rearm_below": 0}, "time_zone": draw(zones)}
    distinct = {name: level + n / 8 for n, (name, level) in enumerate(levels.items())}
    return Rubric.model_validate(draw(rubrics()).document() | {"bands": distinct} | more)


doings = st.tuples(
    st.sampled_from(["p1", "p2", "p3"]),
    st.sampled_from(["email.opened", "email.clicked", "page.viewed"]),
    st.sampled_from(["/partners/a", "/jobs"]),
    st.integers(0, 24 * 40),
)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pair=st.tuples(candidates(), candidates()), done=st.lists(doings, min_size=4, max_size=25))
def test_preview_is_activation_is_from_scratch(
    play: Play, pair: tuple[Rubric, Rubric], done: list[tuple[str, str, str, int]]
) -> None:
    """Shown to fail by a preview that leaves out a day, and by one that ignores the other time zone."""
    old, new = pair
    round_ = Play(play.run, f"r{uuid4().hex}")
    round_.do(switch, round_.store(old), by="test")
    events = [round_.event(kind, who, ago=hours / 24, path=path) for who, kind, path, hours in done]
    round_.record(*events)
    before, version = round_.scores(), round_.store(new)
    found = preview(round_, version)
    assert round_.scores() == before
    previewed = after(found, before)
    round_.do(switch, version, by="test")
    assert round_.scores() == previewed
    facts = [oracle.Fact(str(e.partner), e.type, e.occurred_at or play.now, e.properties) for e in events]
    assert previewed == pytest.approx(oracle.scores(new, facts, now=play.now), abs=1.1e-6)
    bands_now = Counter(round_.partner(each).band for each in previewed)
    assert {each["band"]: each["after"] for each in found.result["bands"] if each["after"]} == bands_now
    entering = {item.partner for item in found.items if item.side == "entering"}
    assert entering == {who for who, score in previewed.items() if score >= at(new) and before[who] < at(old)}
    assert [band_of(new, previewed[each]) for each in previewed] == [
        round_.partner(each).band for each in previewed
    ]
    assert round_.differences() == []


def at(rubric: Rubric) -> float:
    """The threshold that candidates always have."""
    assert rubric.handoff is not None
    return rubric.handoff.at


def test_a_past_day(play: Play) -> None:
    play.happens("webinar.attended", ago=9)
    play.happens("webinar.attended", ago=2)
    day = (play.now - timedelta(days=5)).date()
    found = preview(play, play.draft(TWICE), as_of=day)
    assert [(each["before"], each["after"]) for each in found.result["movers"]] == [(10, 20)]


@pytest.mark.parametrize("version", [1, 9])
def test_what_cannot_be_previewed(play: Play, version: int) -> None:
    tomorrow = (play.now + timedelta(days=1)).date()
    with pytest.raises((Invalid, NotFound)):
        play.do(start_preview, version, as_of=tomorrow)


def test_adjustments_count(play: Play) -> None:
    play.put()
    play.do(adjust, "p1", id_="a", points=7, reason="asked", by="rep")
    play.happens("webinar.attended")
    found = preview(play, play.draft(TWICE))
    assert after(found, play.scores()) == {"p1": 27}


def test_the_archived_and_the_merged_are_left_out(play: Play) -> None:
    for partner in ("p1", "p2"):
        play.happens("webinar.attended", partner)
    play.do(archive_partner, "p2")
    assert preview(play, play.draft(TWICE)).result["partners"] == 1


def test_before_any_rubric_is_active(faulty: Play) -> None:
    """In another time zone than UTC, too: there what is counted already has other days."""
    faulty.happens(path="/deals", ago=0.4)
    found = preview(faulty, faulty.draft(DEEP | {"time_zone": "America/Denver", "fade": {"window_days": 1}}))
    assert (found.result["active_version"], after(found, {"p1": 0})) == (None, {"p1": 0})
    found = preview(faulty, faulty.draft(DEEP | {"time_zone": "America/Denver", "fade": {"window_days": 2}}))
    assert after(found, {"p1": 0}) == {"p1": 30}


def test_results_are_kept_with_the_version_and_day(play: Play) -> None:
    play.happens("webinar.attended", ago=2)
    version = play.draft(TWICE | {"handoff": {"at": 20, "rearm_below": 5}})
    yesterday = (play.now - timedelta(days=1)).date()
    preview(play, version)
    play.now += timedelta(minutes=5)
    preview(play, version, as_of=yesterday)
    shown = play.run(lambda c: get_preview(c, play.program, version))
    assert (shown.status, shown.as_of, shown.finished_at) == ("done", yesterday, play.now)
    today = play.run(lambda c: get_preview(c, play.program, version, as_of=play.now.date()))
    assert today.finished_at == play.now - timedelta(minutes=5)


def test_entering_and_leaving_are_paged_best_first(play: Play) -> None:
    for n in range(5):
        play.record(*(play.event(partner=f"p{n}", path="/d") for _ in range(1 + n % 3)))
    play.record(*(play.event("webinar.attended", "gone") for _ in range(3)))
    version = play.draft(DEEP)
    preview(play, version)
    pages: list[tuple[str, float]] = []
    last: tuple[float, str] | None = None
    for _ in range(3):
        found = passing(play, version, "entering", after=last)
        pages += [(item.partner, item.after) for item in found]
        last = (found[-1].score, found[-1].partner)
    assert pages == [("p2", 90), ("p1", 60), ("p4", 60), ("p0", 30), ("p3", 30)]
    (leaving,) = passing(play, version, "leaving", after=None)
    assert (leaving.partner, leaving.before, leaving.after) == ("gone", 30, 0)


def passing(play: Play, version: int, side: str, *, after: tuple[float, str] | None) -> list[Item]:
    """The next two."""
    return play.run(lambda c: list_passing(c, play.program, version, side, as_of=None, after=after, limit=2))


def test_closed_handoffs_are_replayed(play: Play) -> None:
    """SIMPLE wants three webinars; two are enough for TWICE, a day earlier."""
    for day in range(3):
        play.passes(day > 0)
        play.happens("webinar.attended")
    play.close(str(play.partner().open_handoff), "converted")
    outcomes = preview(play, play.draft(TWICE)).result["outcomes"]
    (converted,) = (each for each in outcomes["outcomes"] if each["outcome"] == "converted")
    assert (converted["closed"], converted["handed_off"], converted["days_earlier"]) == (1, 1, 1)
    assert outcomes["precision"] == {"before": 1, "after": 1}


def test_a_version_dropped_meanwhile_keeps_nothing(play: Play) -> None:
    version = play.draft(TWICE)
    key: Key = play.do(start_preview, version, as_of=None)
    found = play.run(lambda c: compare(c, key))
    play.run(lambda c: drop_rubric(c, play.program, version))
    play.run(lambda c: save_preview(c, key, found, now=play.now))
    with pytest.raises(NotFound):
        play.run(lambda c: get_preview(c, play.program, version))


def test_a_new_signal_is_missing_until_it_is_counted(play: Play) -> None:
    version = play.draft(DEEP)
    assert len(play.run(lambda c: missing_signals(c, play.program, version))) == 1
    preview(play, version)
    assert not play.run(lambda c: missing_signals(c, play.program, version))
