"""What is made of measured rounds: percentiles, ratios within a round, tables, files."""

from pathlib import Path

import pytest

from benchmarks.figures import Sheet, lines, number, percentile
from benchmarks.report import Report


@pytest.fixture
def sheet() -> Sheet:
    """Two subjects; the machine was half as fast in the second round."""
    sheet = Sheet("Echoes", "requests/s", ("bare",))
    for bare, ours in ((1000, 400), (500, 150), (1000, 500)):
        sheet.add("32 connections", "bare", {"requests/s": bare})
        sheet.add("32 connections", "ours", {"requests/s": ours, "p99 ms": 8.0})
    return sheet


@pytest.mark.parametrize(("percent", "found"), [(50, 50), (99, 99), (100, 100), (0, 1)])
def test_percentile_of_a_hundred(percent: float, found: float) -> None:
    assert percentile([float(n) for n in range(1, 101)], percent) == found


def test_percentile_of_one() -> None:
    assert percentile([7.0], 99) == 7


def test_ratios_are_taken_within_a_round(sheet: Sheet) -> None:
    assert [sheet.ratios(row, "bare") for row in sheet.rows] == [[1, 1, 1], [0.4, 0.3, 0.5]]


def test_a_missing_yardstick_gives_no_ratio(sheet: Sheet) -> None:
    sheet.add("alone", "ours", {"requests/s": 1})
    assert sheet.ratios(sheet.rows[-1], "bare") == []


def test_table(sheet: Sheet) -> None:
    assert list(lines(sheet)) == [
        ["", "", "requests/s", "p99 ms", "/ bare"],
        ["32 connections", "bare", "1,000 [500-1,000]", "", ""],
        ["32 connections", "ours", "400 [150-500]", "8", "0.4 [0.3-0.5]"],
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [(123456.7, "123,457"), (12.345, "12.3"), (0.0181, "0.0181"), (0, "0"), (2e-5, "2.0e-05")],
)
def test_number(value: float, text: str) -> None:
    assert number(value) == text


def test_a_file_keeps_every_round(sheet: Sheet, tmp_path: Path) -> None:
    Report({"cores": 2}, [sheet]).write(tmp_path / "run.json")
    again = Report.read(tmp_path / "run.json")
    assert (again.machine, again.sheets) == ({"cores": 2}, [sheet])


def test_markdown(sheet: Sheet) -> None:
    told = Report({"cores": 2}, [sheet]).markdown()
    assert told.startswith("- cores: 2\n\n## Echoes\n\n|")
    assert "| 32 connections | ours | 400 [150-500] | 8 | 0.4 [0.3-0.5] |" in told
