"""The demo plays with the rubric that the documentation shows."""

from pathlib import Path

from app.demo.run import RUBRIC

EXAMPLE = Path(__file__).parents[2] / "examples/rubrics/partner-nurture.yaml"


def test_it_is_the_example() -> None:
    assert EXAMPLE.read_text(encoding="utf-8") == RUBRIC
