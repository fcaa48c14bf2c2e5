"""Calls of another system: recorded once, known to insights, and waited after as after one's own."""

from datetime import timedelta
from typing import Any

import pytest

from app.services.funnel import funnel
from app.services.handoff_import import Ended, import_some
from app.services.handoffs import Closing
from app.services.import_results import Result
from app.services.merging import merge
from app.services.outcomes import outcomes
from app.services.past_handoffs import Past
from tests.support.play import SIMPLE, Play


def past(play: Play, *, ago: float = 3, outcome: str = "accepted", **about: Any) -> Past:
    """A call, some days ago."""
    named = {"external_id": "crm-1", "partner": "p1", "closing": Closing(outcome, reason="because")}
    return Past(**{**named, "closed_at": play.now - timedelta(days=ago), **about})


def tell(play: Play, *lines: Past | Ended) -> list[Result]:
    """Import lines in one transaction."""
    results: list[Result] = play.do(import_some, list(lines), by="importer")
    return results


def crosses(play: Play) -> bool:
    """Whether the partner crosses now."""
    return play.record(*(play.event("webinar.attended") for _ in range(3)))[-1].handoff is not None


@pytest.fixture
def known(play: Play) -> Play:
    """A partner that has been heard of, and does not wait in vain for its score to fall."""
    play.activate({"handoff": SIMPLE["handoff"] | {"rearm_below": 0, "rearm_after_days": {"rejected": 90}}})
    play.happens()
    return play


def test_recorded_without_telling(known: Play) -> None:
    (result,) = tell(known, past(known, opened_at=known.now - timedelta(days=5), by="Robin"))
    found = known.handoff(str(result.id))
    assert result.status == "recorded"
    assert (found.state, found.outcome, found.reason, found.external_id) == (
        "closed",
        "accepted",
        "because",
        "crm-1",
    )
    assert (found.opened_at, found.closed_at) == (
        known.now - timedelta(days=5),
        known.now - timedelta(days=3),
    )
    assert (found.claimed_by, found.score, found.lines) == ("Robin", 0, [])
    assert [(each.move, each.by, each.state) for each in found.history] == [("import", "Robin", "closed")]


def test_again_changes_nothing(known: Play) -> None:
    """In one file or in two, also when the partner has been merged meanwhile."""
    first, second = tell(known, past(known), past(known))
    assert (first.status, second.status, first.id) == ("recorded", "unchanged", second.id)
    known.happens(partner="p2")
    known.do(merge, "p1", "p2")
    assert tell(known, past(known), past(known, partner="p2")) == [second, second]


@pytest.mark.parametrize(
    ("about", "path"), [({"closing": Closing("converted")}, "outcome"), ({"partner": "p2"}, "external_id")]
)
def test_something_else_by_the_same_id(known: Play, about: dict[str, Any], path: str) -> None:
    known.happens(partner="p2")
    _, other = tell(known, past(known), past(known, **about))
    assert (other.status, other.errors[0].path) == ("conflict", path)


@pytest.mark.parametrize(
    ("about", "path"),
    [({"partner": "nobody"}, "partner"), ({"ago": -1}, "closed_at"), ({"opened_at": "later"}, "closed_at")],
)
def test_rejected(known: Play, about: dict[str, Any], path: str) -> None:
    if "opened_at" in about:
        about = {"opened_at": known.now}
    (result,) = tell(known, past(known, **about))
    assert (result.status, result.errors[0].path) == ("rejected", path)


def test_the_call_that_is_under_way_is_closed_by_its_own_id(known: Play) -> None:
    assert crosses(known)
    handoff = known.partner().open_handoff
    known.now += timedelta(days=2)
    now, before = tell(known, past(known, ago=1), past(known, external_id="crm-2", ago=9))
    assert (now.status, now.id, before.status) == ("conflict", handoff, "recorded")
    assert known.partner().open_handoff == handoff


@pytest.mark.parametrize(
    ("outcome", "ago", "again"),
    [("accepted", 3, False), ("accepted", 31, True), ("rejected", 31, False), ("rejected", 91, True)],
)
def test_waits_as_if_it_had_been_closed_here_then(known: Play, outcome: str, ago: float, again: bool) -> None:
    tell(known, past(known, outcome=outcome, ago=ago))
    assert (known.partner().armed, crosses(known)) == (again, again)


def test_waits_for_the_longest(known: Play) -> None:
    tell(known, past(known, outcome="rejected", ago=10), past(known, external_id="crm-2", ago=1))
    known.passes(31)
    assert not crosses(known)
    known.passes(60)
    assert known.partner().armed


def test_a_call_here_that_was_told_late_waits_from_when_it_was(known: Play) -> None:
    assert crosses(known)
    handoff, closed_at = str(known.partner().open_handoff), known.now
    known.now += timedelta(days=20)
    tell(known, Ended(handoff, Closing("accepted"), closed_at=closed_at))
    known.passes(10)
    assert known.partner().armed


def test_insights_know_it(known: Play) -> None:
    known.happens("webinar.attended", ago=20)
    tell(known, past(known, outcome="converted", closing=Closing("converted", value=9.5)))
    steps = known.do(funnel, first=None, last=None, by=None).steps
    assert [each.count for each in steps] == [1] * len(steps)
    found = known.do(outcomes, first=None, last=None)
    assert (found.total.converted, found.total.value, found.rules) == (1, 9.5, [])
    assert [each.band for each in found.bands] == [None]
