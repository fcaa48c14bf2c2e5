"""Queries on rubrics and the signals they share."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, delete, exists, func, insert, or_, select, update

from app.models import programs, pruned_spans, rubrics, signals
from app.store.recordset import among, insert_rows

_TALLIED = select(signals.c.key, signals.c.counted, signals.c.counted_upto).where(
    signals.c.program == bindparam("program"), or_(signals.c.counted, signals.c.counted_upto.is_not(None))
)


def next_version(connection: Connection, program: str) -> int:
    """The number that the next stored rubric gets."""
    highest = connection.scalar(select(func.max(rubrics.c.version)).where(rubrics.c.program == program))
    return (highest or 0) + 1


def add(connection: Connection, **values: object) -> None:
    """Store a version."""
    connection.execute(insert(rubrics).values(**values))


def by_content(connection: Connection, program: str, digest: str) -> int | None:
    """The version with this content, if it was stored before."""
    return connection.scalar(
        select(rubrics.c.version).where(rubrics.c.program == program, rubrics.c.digest == digest)
    )


def get(connection: Connection, program: str, version: int) -> Row[tuple[object, ...]] | None:
    """One version."""
    return connection.execute(
        select(rubrics).where(rubrics.c.program == program, rubrics.c.version == version)
    ).one_or_none()


def page(
    connection: Connection, program: str, *, before: int, limit: int
) -> Sequence[Row[tuple[object, ...]]]:
    """Versions, newest first."""
    return connection.execute(
        select(rubrics)
        .where(rubrics.c.program == program, rubrics.c.version < before)
        .order_by(rubrics.c.version.desc())
        .limit(limit)
    ).all()


def mark_activated(connection: Connection, program: str, version: int, *, by: str, now: datetime) -> None:
    """Note who made it active, and when."""
    connection.execute(
        update(rubrics)
        .where(rubrics.c.program == program, rubrics.c.version == version)
        .values(activated_by=by, activated_at=now)
    )


def register_signals(connection: Connection, program: str, documents: Mapping[int, object]) -> None:
    """Make the signals known; those that are known already stay as they are."""
    columns = (signals.c.program, signals.c.key, signals.c.document, signals.c.counted)
    rows = [(program, key, document, False) for key, document in sorted(documents.items())]
    connection.execute(insert_rows(connection, signals, columns, rows).on_conflict_do_nothing())


def counted_signals(connection: Connection, program: str) -> frozenset[int]:
    """Keys of the signals whose tallies are complete."""
    return frozenset(
        connection.scalars(select(signals.c.key).where(signals.c.program == program, signals.c.counted))
    )


def tallied_signals(connection: Connection, program: str) -> dict[int, str | None]:
    """Keys of the signals that have tallies, each with the last partner that has them (None: all have)."""
    found = connection.execute(_TALLIED, {"program": program})
    return {row.key: None if row.counted else row.counted_upto for row in found}


def counting(connection: Connection, program: str, keys: Collection[int]) -> dict[int, str]:
    """Those of `keys` that are not counted yet, each with how far the counting came."""
    query = select(signals.c.key, signals.c.counted_upto).where(
        signals.c.program == program, signals.c.counted.is_(False), among(connection, signals.c.key, keys)
    )
    return {row.key: row.counted_upto or "" for row in connection.execute(query)}


def are_counting(connection: Connection, program: str) -> bool:
    """Whether some signal is counted for some partners only."""
    query = select(signals.c.key).where(signals.c.program == program, signals.c.counted_upto.is_not(None))
    return connection.scalar(query.limit(1)) is not None


def counted_from(connection: Connection, program: str, keys: Collection[int]) -> datetime | None:
    """The latest of the times from which on the signals are counted; None if nothing of any is missing."""
    query = select(func.max(signals.c.counted_from)).where(
        signals.c.program == program, among(connection, signals.c.key, keys)
    )
    found: datetime | None = connection.scalar(query)
    return found


def note_counted(connection: Connection, program: str, keys: Collection[int], *, upto: str | None) -> None:
    """Note that the signals are counted up to a partner, in id order; None is all."""
    kept_from = select(programs.c.kept_from).where(programs.c.id == program).scalar_subquery()
    # One that was counted before has kept what was pruned since.
    pruned = exists().where(pruned_spans.c.program == program)
    found = case((signals.c.counted, signals.c.counted_from), (pruned, kept_from), else_=None)
    connection.execute(
        update(signals)
        .where(signals.c.program == program, among(connection, signals.c.key, keys))
        .values(counted=upto is None, counted_upto=upto, counted_from=found)
    )


def drop_signals(connection: Connection, program: str, keys: Collection[int]) -> None:
    """Forget signals."""
    connection.execute(
        delete(signals).where(signals.c.program == program, among(connection, signals.c.key, keys))
    )


def all_signals(connection: Connection, program: str) -> set[int]:
    """Keys of all signals that were ever registered."""
    return set(connection.scalars(select(signals.c.key).where(signals.c.program == program)))


def all_documents(connection: Connection, program: str) -> list[Mapping[str, Any]]:
    """Every stored version's document; they are few."""
    return list(connection.scalars(select(rubrics.c.document).where(rubrics.c.program == program)))


def drop(connection: Connection, program: str, version: int) -> None:
    """Delete a version."""
    connection.execute(delete(rubrics).where(rubrics.c.program == program, rubrics.c.version == version))


def previously_active(connection: Connection, program: str, active: int) -> int | None:
    """The version that was activated last before the active one."""
    return connection.scalar(
        select(rubrics.c.version)
        .where(
            rubrics.c.program == program,
            rubrics.c.version != active,
            rubrics.c.activated_at.is_not(None),
        )
        .order_by(rubrics.c.activated_at.desc())
        .limit(1)
    )


def signal_documents(
    connection: Connection, program: str, keys: Collection[int]
) -> dict[int, Mapping[str, object]]:
    """The signals' documents by key."""
    query = select(signals.c.key, signals.c.document).where(
        signals.c.program == program, among(connection, signals.c.key, keys)
    )
    return dict(connection.execute(query).fetchall())
