"""Reading files of events, partners or hand-offs: NDJSON as it is, CSV with a column for each field."""

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import Any

from app.api.strict_json import read_json
from app.errors import FieldError, Invalid, Malformed

LINES_AT_ONCE = 1_000
NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{1,9})?")

Line = tuple[int, Any]
"""A line's number and the document in it, or the Malformed that it is."""

OfRow = Callable[[Mapping[str | None, Any]], Any]
"""From a CSV's row, by column, to the document in it, or to the Malformed that it is."""


def batches(file: Path, of_row: OfRow) -> Iterator[tuple[list[Line], int]]:
    """The file's lines, some at a time, with the bytes read so far. Raises Invalid for an unknown kind."""
    match file.suffix.lower():
        case ".csv":
            yield from _csv(file, of_row)
        case ".ndjson" | ".jsonl":
            yield from _ndjson(file)
        case other:
            message = f"ends in {other or 'nothing'}; use .ndjson, .jsonl or .csv"
            raise Invalid("The file's kind is not known.", errors=[FieldError(file.name, message)])


def size_of(file: Path) -> int:
    """The file's bytes."""
    return file.stat().st_size


def _ndjson(file: Path) -> Iterator[tuple[list[Line], int]]:
    read = 0
    with file.open("rb") as lines:
        numbered = enumerate(lines, 1)
        while some := list(islice(numbered, LINES_AT_ONCE)):
            read += sum(len(line) for _, line in some)
            yield [(number, _document(line)) for number, line in some if line.strip()], read


def _document(line: bytes) -> Any:
    try:
        return read_json(line)
    except Malformed as error:
        return error


def _csv(file: Path, of_row: OfRow) -> Iterator[tuple[list[Line], int]]:
    with file.open("rb") as raw:
        rows = csv.DictReader(TextIOWrapper(raw, encoding="utf-8-sig", newline=""))
        # The header is line 1.
        numbered = enumerate(rows, 2)
        try:
            while some := list(islice(numbered, LINES_AT_ONCE)):
                yield [(number, of_row(row)) for number, row in some], raw.tell()
        except UnicodeDecodeError as error:
            fault = FieldError(file.name, "is not UTF-8 text; save it as UTF-8")
            raise Invalid("The file could not be read.", errors=[fault]) from error


def nested(row: Mapping[str | None, Any], *, fields: frozenset[str], rest: str) -> Any:
    """A row as a document: a column that is none of `fields` becomes an entry of the object `rest`.

    A column of that name may hold JSON.
    """
    if None in row:
        return Malformed("The line has more values than the header has columns.")
    filled = {str(name): value for name, value in row.items() if value not in {None, ""}}
    own = {name: value for name, value in filled.items() if name in fields}
    others = {
        name.removeprefix(f"{rest}."): _typed(value)
        for name, value in filled.items()
        if name not in fields and name != rest
    }
    whole = _document(filled[rest].encode()) if rest in filled else {}
    return {**own, rest: {**whole, **others}} if isinstance(whole, dict) else {**own, rest: whole}


def _typed(value: str) -> object:
    """CSV knows only text; what looks like a number or a truth is one, as rules compare strictly."""
    if value in {"true", "false"}:
        return value == "true"
    if NUMBER.fullmatch(value):
        return float(value) if "." in value else int(value)
    return value
