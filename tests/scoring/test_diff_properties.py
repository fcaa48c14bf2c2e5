"""Differences between random rubrics: none overlooked, none invented."""

import json
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.scoring.diff import diff
from app.scoring.rubric import Rubric, Rule
from tests.scoring.strategies import rubrics


@given(rubrics(), rubrics())
def test_nothing_differs_if_and_only_if_the_documents_are_equal(old: Rubric, new: Rubric) -> None:
    assert (diff(old, new).changes == ()) == (old.document() == new.document())
    assert diff(old, old).changes == ()


@given(rubrics(), st.randoms(use_true_random=False))
def test_shuffled_rules_differ(rubric: Rubric, chance: Random) -> None:
    rules = list(rubric.rules)
    chance.shuffle(rules)
    shuffled = Rubric.model_validate({**rubric.document(), "rules": [_document(rule) for rule in rules]})
    assert (diff(rubric, shuffled).changes == ()) == (rubric.document() == shuffled.document())


def _document(rule: Rule) -> dict[str, Any]:
    return rule.model_dump(by_alias=True, exclude_none=True)


@given(rubrics(), rubrics())
def test_each_change_is_told_by_name_and_can_be_sent(old: Rubric, new: Rubric) -> None:
    found = diff(old, new)
    assert len(set(found.text())) == len({change.path for change in found.changes}) == len(found.changes)
    named = [change for change in found.changes if len(change.place) > 1 and change.place[0] != "fade"]
    assert all(change.place[1] in change.text for change in named)
    assert json.loads(json.dumps(found.document())) == found.document()


@given(rubrics(), rubrics())
def test_the_way_back_swaps_before_and_after(old: Rubric, new: Rubric) -> None:
    there, back = (
        {c.place: (c.before, c.after) for c in each.changes} for each in (diff(old, new), diff(new, old))
    )
    assert there == {place: values[::-1] for place, values in back.items()}
