"""Points that people give or take: a line of the ledger like any other."""

from typing import Any

import pytest

from app.errors import NotFound
from app.services.adjusting import adjust
from app.services.merging import merge, unmerge
from app.services.recording import Result
from tests.support.play import Play


def given(play: Play, points: float, *, id_: str = "a", partner: str = "p1") -> Result:
    """A person gives points."""
    result: Result = play.do(adjust, partner, id_=id_, points=points, reason="asked for a demo", by="rep")
    return result


def test_once_for_each_id(play: Play) -> None:
    play.put()
    found = [given(play, 3.125), given(play, 3.125), given(play, 4), given(play, -1, id_="b")]
    assert [each.status for each in found] == ["accepted", "duplicate", "conflict", "accepted"]
    assert play.partner().score == 2.125


def test_nobody_to_give_to(play: Play) -> None:
    with pytest.raises(NotFound):
        given(play, 1)


@pytest.mark.parametrize(
    ("fade", "expected"),
    [(None, [8, 8, 8]), ({"half_life_days": 5}, [8, 4, 2]), ({"window_days": 10}, [8, 8, 0])],
)
def test_fades_like_any_other(play: Play, fade: dict[str, Any] | None, expected: list[float]) -> None:
    play.activate({"fade": fade})
    play.put()
    given(play, 8)
    found = []
    for _ in range(3):
        found.append(play.partner().score)
        play.passes(5)
    assert found == expected


def test_has_a_line_of_its_own(play: Play) -> None:
    play.put()
    play.happens("webinar.attended")
    id_ = given(play, 15).handoff
    lines = {line.rule: line.points for line in play.handoff(str(id_)).lines}
    assert lines == {"webinar": 10, "adjustment": 15}


def test_goes_along_with_a_merge(play: Play) -> None:
    for name in "ab":
        play.put(name)
    given(play, 8, partner="a")
    play.do(merge, "a", "b")
    given(play, 1, partner="a", id_="b")
    assert play.partner("b").score == 9
    play.do(unmerge, "a")
    assert play.scores() == {"a": 9, "b": 0}
