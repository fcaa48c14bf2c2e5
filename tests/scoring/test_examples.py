"""The rubrics that we give away: they can be read, and the worked example scores what it says."""

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from app.scoring.days import day_number, day_of
from app.scoring.explain import explain
from app.scoring.price import PriceList
from app.scoring.reading import read_rubric
from app.scoring.signal import SignalSet, signals_of
from app.scoring.tally import Adjustments, Tallies

RUBRICS = Path(__file__).parents[2] / "examples" / "rubrics"
RUBRIC = read_rubric((RUBRICS / "worked-example.yaml").read_bytes())
EVENTS = [
    json.loads(line) for line in (RUBRICS / "worked-example.events.ndjson").read_text("utf-8").splitlines()
]
SCORES = json.loads((RUBRICS / "worked-example.scores.json").read_text("utf-8"))


def tallies_of(events: list[dict[str, Any]]) -> Tallies:
    signals = SignalSet(signals_of(RUBRIC))
    return Tallies.of(
        (0, signal, day_of(datetime.fromisoformat(event["occurred_at"]), RUBRIC.zone), 1)
        for event in events
        for signal in signals.matching(event["type"], event["properties"], None)
    )


@pytest.mark.parametrize("path", sorted(RUBRICS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_rubric_can_be_read(path: Path) -> None:
    rubric = read_rubric(path.read_bytes())
    assert read_rubric(json.dumps(rubric.document())) == rubric


@pytest.mark.parametrize("wanted", SCORES, ids=lambda wanted: wanted["as_of"])
@pytest.mark.parametrize("events", [EVENTS, EVENTS[::-1]], ids=["in order", "reversed"])
def test_the_worked_example_is_exact(wanted: dict[str, Any], events: list[dict[str, Any]]) -> None:
    as_of = day_number(date.fromisoformat(wanted["as_of"]))
    explanation = explain(
        RUBRIC, PriceList(RUBRIC), tallies_of(events), adjustments=Adjustments.of([]), as_of=as_of
    )
    assert explanation.score == wanted["score"]
    assert {line.rule: line.faded_points for line in explanation.lines} == wanted["lines"]
