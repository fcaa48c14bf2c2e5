"""Hand-offs as lines of a file: NDJSON as GET shows them, or CSV with a fixed header."""

import csv
from collections.abc import Iterable, Mapping
from io import StringIO
from typing import Any, Literal, assert_never

from app.api.body_limit import NDJSON
from app.api.csv_cells import guarded
from app.services.handoff_view import Handoff

Format = Literal["ndjson", "csv"]

CSV = "text/csv"
MEDIA_TYPES: Mapping[Format, str] = {"ndjson": NDJSON, "csv": CSV}

_PLAIN = (
    *("id", "external_id", "state", "owner", "claimed_by", "score", "threshold", "band", "grade"),
    *("rubric_version", "crossed_at", "opened_at", "due_at", "overdue_at", "snoozed_until", "closed_at"),
    *("outcome", "reason", "value", "note"),
)
_TRIGGER = ("event", "source", "type", "contact")
COLUMNS = (
    "partner",
    "partner_name",
    *_PLAIN,
    *(f"trigger_{name}" for name in _TRIGGER),
    "rules",
    "talking_points",
)


def head(format_: Format) -> str:
    """What stands before the first hand-off."""
    return _rows([COLUMNS]) if format_ == "csv" else ""


def lines(handoffs: Iterable[Handoff], format_: Format) -> str:
    """A line for each hand-off."""
    match format_:
        case "ndjson":
            return "".join(f"{each.model_dump_json()}\n" for each in handoffs)
        case "csv":
            return _rows([_cell(value) for value in _flat(each)] for each in handoffs)
        case _:
            assert_never(format_)


def _flat(handoff: Handoff) -> list[Any]:
    shown = handoff.model_dump(mode="json")
    return [
        handoff.partner.id,
        handoff.partner.name,
        *(shown[name] for name in _PLAIN),
        *(shown["trigger"][name] for name in _TRIGGER),
        "; ".join(line.rule for line in handoff.lines),
        "\n".join(handoff.talking_points),
    ]


def _cell(value: Any) -> Any:
    """Numbers as they are, -5 too: only text can be a formula."""
    return guarded(value) if isinstance(value, str) else value


def _rows(rows: Iterable[Iterable[Any]]) -> str:
    text = StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
