"""Importing events, partners and outcomes from files, some lines per transaction."""

from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from rich.progress import Progress

from app import clock
from app.api.csv_cells import document_of
from app.api.event_bodies import Unread, read_event
from app.api.handoff_files import import_lines
from app.api.handoff_lines import read_line
from app.api.partner_forms import PartnerItem
from app.api.problems import field_errors
from app.cli.output import console, errors
from app.cli.table_files import Line, OfRow, batches, nested, size_of
from app.db import Database
from app.errors import FieldError, Malformed
from app.services.partners import PartnerData, put_partners
from app.services.recording import Result, record
from app.sources.event import NewEvent

MOST_SHOWN = 20
EVENT_FIELDS = frozenset({"id", "type", "occurred_at", "partner", "contact", "source", "verdict"})
PARTNER_FIELDS = frozenset({"id", "name", "domains", "owner"})

Counts = Counter[str]


async def import_events(database: Database, program: str, file: Path, *, source: str) -> int:
    """Record a file's events; how many were refused."""

    async def load(lines: list[Line], counts: Counts) -> None:
        items = [(number, _event(document, source)) for number, document in lines]
        for number, item in items:
            if isinstance(item, Unread):
                _refuse(counts, number, item.result.errors)
        events = [item for _, item in items if isinstance(item, NewEvent)]
        now = clock.now()
        results = await database.write(lambda connection: record(connection, program, events, now=now))
        counts.update(result.status for result in results)

    return await _import(file, load, partial(nested, fields=EVENT_FIELDS, rest="properties"))


async def import_partners(database: Database, program: str, file: Path) -> int:
    """Create or replace a file's partners; how many were refused."""

    async def load(lines: list[Line], counts: Counts) -> None:
        good: dict[str, PartnerData] = {}
        for number, document in lines:
            item = _partner(document)
            if isinstance(item, PartnerData):
                good[item.id] = item
            else:
                _refuse(counts, number, item)
        now = clock.now()
        new = await database.write(lambda c: put_partners(c, program, list(good.values()), now=now))
        counts.update(created=len(new), replaced=len(good) - len(new))

    return await _import(file, load, partial(nested, fields=PARTNER_FIELDS, rest="attributes"))


async def import_handoffs(database: Database, program: str, file: Path, *, by: str) -> int:
    """Do what a file says about hand-offs; how many lines were refused."""

    async def load(lines: list[Line], counts: Counts) -> None:
        said = [read_line(document) for _, document in lines]
        for (number, _), result in zip(
            lines, await import_lines(database, program, said, by=by), strict=True
        ):
            counts[result.status] += 1
            if result.errors:
                _tell(counts, number, result.errors)

    return await _import(file, load, document_of)


async def _import(file: Path, load: Callable[[list[Line], Counts], Awaitable[None]], of_row: OfRow) -> int:
    counts: Counts = Counter()
    with Progress(console=errors, transient=True) as progress:
        task = progress.add_task(file.name, total=size_of(file))
        for lines, read in batches(file, of_row):
            await load(lines, counts)
            progress.update(task, completed=read)
    console.print(
        ", ".join(f"{number} {status}" for status, number in sorted(counts.items())) or "The file is empty."
    )
    return counts["rejected"] + counts["conflict"]


def _event(document: Any, source: str) -> NewEvent | Unread:
    if isinstance(document, Malformed):
        return Unread(Result(None, "rejected", errors=(FieldError("", document.detail),)))
    return read_event(document, source=source)


def _partner(document: Any) -> PartnerData | list[FieldError]:
    if isinstance(document, Malformed):
        return [FieldError("", document.detail)]
    domains = document.get("domains") if isinstance(document, dict) else None
    if isinstance(domains, str):
        document = {**document, "domains": domains.replace(",", ";").replace(" ", "").split(";")}
    try:
        item = PartnerItem.model_validate(document)
    except ValidationError as error:
        return field_errors(error.errors(include_url=False, include_input=False))
    return item.data(item.id)


def _refuse(counts: Counts, number: int, faults: Any) -> None:
    counts["rejected"] += 1
    _tell(counts, number, faults)


def _tell(counts: Counts, number: int, faults: Any) -> None:
    if counts["rejected"] + counts["conflict"] <= MOST_SHOWN:
        why = "; ".join(f"{fault.path} {fault.message}".strip() for fault in faults)
        errors.print(f"line {number}: {why}", markup=False)
