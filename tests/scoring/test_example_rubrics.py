"""The rubrics that we give away: they can be read, and the facts beside each score what it says."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from app.scoring.days import date_of, day_number, day_of
from app.scoring.explain import Explanation, explain
from app.scoring.fit import band_of, fit_of
from app.scoring.price import PriceList
from app.scoring.reading import read_rubric
from app.scoring.replay import Closed, replay
from app.scoring.rubric import Rubric
from app.scoring.signal import SignalSet, signals_of
from app.scoring.tally import Adjustments, Tallies

RUBRICS = Path(__file__).parents[2] / "examples" / "rubrics"
NAMES = sorted(path.stem for path in RUBRICS.glob("*.yaml"))
NOTHING = Adjustments.of([])


@dataclass(frozen=True)
class Example:
    """A rubric and the facts beside it."""

    rubric: Rubric
    events: list[dict[str, Any]]
    attributes: Mapping[str, Mapping[str, Any]]
    personas: Mapping[str, str]

    def tallies(self, partner: str) -> Tallies:
        return Tallies.of((0, signal, day, 1) for signal, day in self._counted(partner))

    def _counted(self, partner: str) -> Iterator[tuple[int, int]]:
        signals = SignalSet(signals_of(self.rubric))
        for event in self.events:
            if event["partner"] == partner:
                persona = self.personas.get(event["contact"])
                day = day_of(datetime.fromisoformat(event["occurred_at"]), self.rubric.zone)
                for signal in signals.matching(event["type"], event["properties"], persona):
                    yield signal, day


@cache
def example(name: str) -> Example:
    events = (RUBRICS / f"{name}.events.ndjson").read_text("utf-8").splitlines()
    return Example(
        read_rubric((RUBRICS / f"{name}.yaml").read_bytes()),
        [json.loads(line) for line in events],
        {each["id"]: each["attributes"] for each in read(name, "partners")},
        {each["email"]: each["persona"] for each in read(name, "contacts")},
    )


def read(name: str, what: str) -> list[dict[str, Any]]:
    """One of the lists beside a rubric; nothing if there is none."""
    path = RUBRICS / f"{name}.{what}.json"
    return list(json.loads(path.read_text("utf-8"))) if path.exists() else []


WANTED = [
    pytest.param(name, partner, wanted, id=f"{name}, {partner}, {wanted['as_of']}")
    for name in NAMES
    for wanted in read(name, "scores")
    for partner in [wanted.get("partner", "acme")]
]


def explained(name: str, partner: str, as_of: str) -> Explanation:
    rubric, day = example(name).rubric, day_number(date.fromisoformat(as_of))
    tallies = example(name).tallies(partner)
    return explain(rubric, PriceList(rubric), tallies, adjustments=NOTHING, as_of=day)


def test_there_are_five_and_the_worked_example() -> None:
    assert NAMES == [
        "caps-and-fade",
        "fit-and-gates",
        "partner-nurture",
        "quarterly-micro-behaviours",
        "re-engagement",
        "worked-example",
    ]


@pytest.mark.parametrize("name", NAMES)
def test_every_rubric_can_be_read_and_has_facts_and_scores(name: str) -> None:
    rubric = example(name).rubric
    assert read_rubric(json.dumps(rubric.document())) == rubric
    assert example(name).events
    assert read(name, "scores")


@pytest.mark.parametrize(("name", "partner", "wanted"), WANTED)
def test_scores_and_lines_are_exact(name: str, partner: str, wanted: dict[str, Any]) -> None:
    explanation = explained(name, partner, wanted["as_of"])
    assert explanation.score == wanted["score"]
    assert {line.rule: line.faded_points for line in explanation.lines} == wanted["lines"]


@pytest.mark.parametrize(("name", "partner", "wanted"), WANTED)
def test_bands_and_grades(name: str, partner: str, wanted: dict[str, Any]) -> None:
    rubric = example(name).rubric
    assert band_of(rubric, wanted["score"]) == wanted.get("band")
    if "grade" in wanted:
        fit = fit_of(rubric, example(name).attributes[partner])
        assert (fit.points, fit.grade) == (wanted["fit"], wanted["grade"])


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_earns_something_somewhere(name: str) -> None:
    lines = {rule for wanted in read(name, "scores") for rule in wanted["lines"]}
    assert {rule.id for rule in example(name).rubric.rules} <= lines


CALLS = {"acme": ["2025-02-04", "2025-10-07"], "beta": ["2025-09-15", None], "crux": ["2025-10-07"]}


@pytest.mark.parametrize(("partner", "days"), [*CALLS.items()])
def test_a_comeback_is_handed_off_and_a_regular_only_once(partner: str, days: list[str | None]) -> None:
    rubric = example("re-engagement").rubric
    called = [day_number(date.fromisoformat(day or "2025-10-06")) for day in days]
    replayed = replay(
        rubric,
        PriceList(rubric),
        [Closed(day, day, "converted") for day in called],
        tallies=example("re-engagement").tallies(partner),
        adjustments=NOTHING,
        grade=None,
        first=day_number(date(2025, 1, 1)),
        last=day_number(date(2025, 12, 31)),
    )
    opened = [each.opened_day for each in replayed]
    assert [None if day is None else date_of(day).isoformat() for day in opened] == days


@pytest.mark.parametrize("path", sorted(RUBRICS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_rubric_tells_editors_its_schema(path: Path) -> None:
    first = path.read_text("utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=http://127.0.0.1:8000/v1/rubrics/schema"
