"""Rubrics by version: stored, compared, dropped; what makes one active is in activating.py."""

import hashlib
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from app import store
from app.errors import Conflict, NotFound
from app.scoring.diff import diff
from app.scoring.reading import read_rubric
from app.scoring.rubric import Rubric
from app.scoring.signal import signals_of
from app.services.rulebook import compiled_rubric, hold_rulebook
from app.sources.event import canonical


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
                "note": "after the spring webinars",
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
    note: str | None
    stored_by: str
    stored_at: datetime
    activated_by: str | None
    activated_at: datetime | None


class RubricDifference(BaseModel):
    """What differs between two versions."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "old": 1,
                "new": 2,
                "changes": [{"path": "rules.click.points", "kind": "changed", "before": 5, "after": 4}],
                "text": ["click: 5 -> 4 points"],
            }
        }
    )

    old: int
    new: int
    changes: list[dict[str, object]]
    text: list[str] = Field(description="The same in the words of the rubric.")


def store_rubric(
    connection: Connection,
    program: str,
    rubric: Rubric,
    *,
    by: str,
    now: datetime,
    note: str | None = None,
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
            note=note,
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
        note=row.note,
        stored_by=row.stored_by,
        stored_at=row.stored_at,
        activated_by=row.activated_by,
        activated_at=row.activated_at,
    )


def drop_rubric(connection: Connection, program: str, version: int) -> None:
    """Delete a draft. Raises NotFound, and Conflict for a version that has been active."""
    rules = hold_rulebook(connection, program, alone=True)
    if get_rubric(connection, program, version).activated_at is not None:
        raise Conflict(f"Version {version} has been active; hand-offs refer to it.")
    if rules.building == version:
        # The next rubric may get this number, and must not find another's drafts.
        store.drafts.clear(connection, program)
        store.programs.build(connection, program, None, day=None)
    store.rubrics.drop(connection, program, version)
    # Nobody will finish to count them, and while a signal is being counted no event is pruned.
    _forget_unused(connection, program, {*rules.partial})


def prune_signals(connection: Connection, program: str) -> int:
    """Forget signals, with their tallies, that no stored rubric uses; how many."""
    hold_rulebook(connection, program, alone=True)
    return _forget_unused(connection, program, store.rubrics.all_signals(connection, program))


def _forget_unused(connection: Connection, program: str, keys: set[int]) -> int:
    documents = store.rubrics.all_documents(connection, program)
    used = {key for document in documents for key in signals_of(read_rubric(document))}
    unused = keys - used
    if unused:
        store.tallies.clear_signals(connection, program, unused)
        store.pruned.clear_signals(connection, program, unused)
        store.rubrics.drop_signals(connection, program, unused)
    return len(unused)


def diff_rubrics(connection: Connection, program: str, old: int, new: int) -> RubricDifference:
    """What differs between two versions. Raises NotFound."""
    found = diff(*(compiled_rubric(connection, program, version)[0] for version in (old, new)))
    return RubricDifference(old=old, new=new, changes=found.document(), text=found.text())


def previous_version(connection: Connection, program: str) -> int:
    """The version that was active before the active one. Raises NotFound."""
    active = get_rubric(connection, program, None).version
    previous = store.rubrics.previously_active(connection, program, active)
    if previous is None:
        raise NotFound(
            "No other version has been active in this program, so there is nothing to roll back to."
        )
    return previous


def _active_version(connection: Connection, program: str) -> int | None:
    setup = store.programs.setup(connection, program)
    if setup is None:
        raise NotFound(f"There is no program {program!r}.")
    version: int | None = setup.active_rubric
    return version
