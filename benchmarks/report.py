"""A run as people read it, in a terminal or as Markdown, and as a file that machines read."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from rich.console import Console
from rich.table import Table

from benchmarks.figures import Sheet, lines

HEADING = """\
# Figures

Written by `python -m benchmarks table FILE ...` from what `make bench ARGS='--json FILE'` measured: medians
of the rounds, with the least and the most beside those that are compared; a ratio is taken within each round.
[Performance](performance.md) says what they mean."""

WIDTH = 220
"""Of what is no terminal."""


@dataclass(frozen=True)
class Report:
    """The machine, and what was measured on it."""

    machine: dict[str, Any]
    sheets: list[Sheet]

    @classmethod
    def read(cls, file: Path) -> Self:
        """From what `write` wrote."""
        document = json.loads(file.read_text())
        return cls(document["machine"], [Sheet.of(each) for each in document["sheets"]])

    def write(self, file: Path) -> None:
        """As JSON, every round of every figure."""
        document = {"machine": self.machine, "sheets": [each.document() for each in self.sheets]}
        file.write_text(json.dumps(document, indent=1) + "\n")

    def markdown(self) -> str:
        """The machine as a list, then a table for each measure."""
        parts = [_markdown_machine(self.machine), *(_markdown_sheet(each) for each in self.sheets)]
        return "\n\n".join(parts)


def page(reports: Iterable[Report]) -> str:
    """All of docs/explanation/figures.md."""
    return "\n\n".join([HEADING, *(report.markdown() for report in reports)])


def show(sheet: Sheet) -> None:
    """Print one measure."""
    headings, *rows = lines(sheet)
    table = Table(title=sheet.title, title_justify="left")
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="left" if place < 2 else "right")
    for row in rows:
        table.add_row(*row)
    Console(width=None if Console().is_terminal else WIDTH).print(table)


def show_machine(machine: dict[str, Any]) -> None:
    """Print what the figures were measured on."""
    for name, value in machine.items():
        print(f"{name}: {value}")


def _markdown_machine(machine: dict[str, Any]) -> str:
    return "\n".join(f"- {name}: {value}" for name, value in machine.items())


def _markdown_sheet(sheet: Sheet) -> str:
    headings, *rows = lines(sheet)
    rule = ["---", "---", *("---:" for _ in headings[2:])]
    table = "\n".join(f"| {' | '.join(cells)} |" for cells in [headings, rule, *rows])
    return f"## {sheet.title}\n\n{table}"
