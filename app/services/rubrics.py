"""A rubric's life: checked, stored as the next version, made active."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from app import store
from app.errors import NotFound
from app.scoring.days import day_of
from app.scoring.reading import read_rubric
from app.scoring.rubric import Rubric
from app.scoring.signal import signals_of
from app.services.announcing import Message, announce
from app.services.recording import FIRST
from app.services.rescoring import recount, rescore
from app.services.rulebook import Rulebook, hold_rulebook
from app.services.thresholds import publish_crossings
from app.sources.event import canonical

CHUNK = 500
"""Partners that are counted and scored at a time, which bounds the memory of an activation."""


class StoredRubric(BaseModel):
    """A version of a program's rubric."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "version": 1,
                "name": "Partner nurture",
                "state": "active",
                "document": {
                    "name": "Partner nurture",
                    "rules": [{"id": "click", "on": "email.clicked", "points": 5}],
                },
                "stored_by": "crm",
                "stored_at": "2026-02-01T08:00:00Z",
                "activated_by": "crm",
                "activated_at": "2026-02-01T08:05:00Z",
            }
        }
    )

    version: int
    name: str
    state: str = Field(description="draft, active or superseded")
    document: dict[str, Any]
    stored_by: str
    stored_at: datetime
    activated_by: str | None
    activated_at: datetime | None


def store_rubric(
    connection: Connection, program: str, rubric: Rubric, *, by: str, now: datetime
) -> StoredRubric:
    """Store a rubric as the next version; the same content again is the version it had."""
    # Alone, because two stores at once would take the same number.
    hold_rulebook(connection, program, alone=True)
    document = rubric.document()
    digest = hashlib.sha256(canonical(document)).hexdigest()
    version = store.rubrics.by_content(connection, program, digest)
    if version is None:
        version = store.rubrics.next_version(connection, program)
        store.rubrics.add(
            connection,
            program=program,
            version=version,
            document=document,
            digest=digest,
            stored_by=by,
            stored_at=now,
        )
        documents = {key: signal.document() for key, signal in signals_of(rubric).items()}
        store.rubrics.register_signals(connection, program, documents)
    return get_rubric(connection, program, version)


def get_rubric(connection: Connection, program: str, version: int | None) -> StoredRubric:
    """One version, or with None the active one. Raises NotFound."""
    active = _active_version(connection, program)
    wanted = active if version is None else version
    row = None if wanted is None else store.rubrics.get(connection, program, wanted)
    if row is None:
        raise NotFound(
            "No rubric is active in this program."
            if version is None
            else f"There is no rubric version {version}."
        )
    return rubric_view(row, active)


def list_rubrics(connection: Connection, program: str, *, before: int, limit: int) -> list[StoredRubric]:
    """Versions, newest first."""
    active = _active_version(connection, program)
    return [
        rubric_view(row, active)
        for row in store.rubrics.page(connection, program, before=before, limit=limit)
    ]


def rubric_view(row: Any, active: int | None) -> StoredRubric:
    """A rubric's row, and whether it is the active one."""
    state = "active" if row.version == active else "superseded" if row.activated_at else "draft"
    return StoredRubric(
        version=row.version,
        name=row.document["name"],
        state=state,
        document=row.document,
        stored_by=row.stored_by,
        stored_at=row.stored_at,
        activated_by=row.activated_by,
        activated_at=row.activated_at,
    )


def activate(
    connection: Connection, program: str, version: int, *, by: str, now: datetime, open_for_past: bool = False
) -> StoredRubric:
    """Let `version` price everything from now on, the past included. Raises NotFound.

    Opens no hand-off for what is past, unless `open_for_past`.
    """
    before = hold_rulebook(connection, program, alone=True)
    rubric = read_rubric(get_rubric(connection, program, version).document)
    missing = _uncounted(connection, before, rubric)
    store.rubrics.mark_counted(connection, program, missing)
    day = day_of(now, rubric.zone)
    store.programs.activate(connection, program, version, landmark=day, settled_day=day)
    store.rubrics.mark_activated(connection, program, version, by=by, now=now)
    rules = hold_rulebook(connection, program, alone=True)
    for partners in _in_chunks(connection, program):
        if missing:
            # Contacts and adjustments move only with the days themselves.
            people = before.zone != rules.zone
            recount(connection, rules, partners, signals=missing, people=people)
        rescore(connection, rules, partners, now=now, before=before)
        if open_for_past:
            _open_for_past(connection, rules, partners, now=now)
    stored = get_rubric(connection, program, version)
    announce(connection, program, [Message("rubric.activated", stored.model_dump(mode="json"))], now=now)
    return stored


def _active_version(connection: Connection, program: str) -> int | None:
    setup = store.programs.setup(connection, program)
    if setup is None:
        raise NotFound(f"There is no program {program!r}.")
    version: int | None = setup.active_rubric
    return version


def _uncounted(connection: Connection, before: Rulebook, rubric: Rubric) -> set[int]:
    """Signals to count from the ledger: new ones, or all if days begin at another time now."""
    counted = store.rubrics.counted_signals(connection, before.program)
    needed = set(signals_of(rubric))
    return needed - counted if before.zone == rubric.zone else needed | counted


def _in_chunks(connection: Connection, program: str) -> Iterator[list[str]]:
    after = ""
    while partners := store.partners.page_of_ids(connection, program, after=after, limit=CHUNK):
        yield partners
        after = partners[-1]


def _open_for_past(
    connection: Connection, rules: Rulebook, partners: Sequence[str], *, now: datetime
) -> None:
    """Open hand-offs for partners that are past the threshold now, on their latest human event."""
    held = store.standings.get_many(connection, rules.program, partners)
    latest = store.ledger.recent_human(connection, rules.program, partners, since=FIRST, each=1)
    candidates = [(held[each], events[0]) for each, events in latest.items()]
    publish_crossings(connection, rules, held, dict(held), candidates, now=now)
