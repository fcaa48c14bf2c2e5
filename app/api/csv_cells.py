"""Cells of CSV files that people open in a spreadsheet, which must not take text for a formula."""

import re
from collections.abc import Mapping
from typing import Any

from app.errors import Malformed

FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
"""How text begins that a spreadsheet would work out, or that we have written with quotes before."""


def guarded(text: str) -> str:
    """The text with a quote before what a spreadsheet would take for a formula."""
    return f"'{text}" if FORMULA.match(text) else text


def bare(cell: str) -> str:
    """The text of a cell that was guarded; every other as it is."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell


def document_of(row: Mapping[str | None, Any]) -> dict[str, str] | Malformed:
    """A row by column, empty cells left out; Malformed if it has more cells than the header."""
    if None in row:
        return Malformed("The line has more values than the header has columns.")
    return {str(name): bare(cell) for name, cell in row.items() if cell}
