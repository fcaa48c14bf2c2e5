"""Queries on programs and their score feeds."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from app.models import feeds, programs, rubrics

LOCKS = 7204
"""Keeps our advisory locks apart from those of others in the same database."""

_SETUP = (
    select(
        programs.c.id,
        programs.c.name,
        programs.c.active_rubric,
        programs.c.landmark,
        programs.c.settled_day,
        programs.c.building,
        programs.c.build_day,
        programs.c.stamp,
        programs.c.kept_from,
        programs.c.internal_contacts,
        rubrics.c.digest.label("rubric_digest"),
        feeds.c.queue,
    )
    .join(feeds, feeds.c.program == programs.c.id)
    .join(
        rubrics,
        (rubrics.c.program == programs.c.id) & (rubrics.c.version == programs.c.active_rubric),
        isouter=True,
    )
    .where(programs.c.id == bindparam("program"))
)
_LOCKING = {
    alone: select(lock(func.hashtextextended(bindparam("program"), LOCKS)))
    for alone, lock in ((False, func.pg_advisory_xact_lock_shared), (True, func.pg_advisory_xact_lock))
}
_STAMP = select(programs.c.stamp).where(programs.c.id == bindparam("program"))
_TAKING = {
    place: update(feeds)
    .where(feeds.c.program == bindparam("of"))
    .values({place: feeds.c[place] + bindparam("taken")})
    .returning(feeds.c[place])
    for place in ("position", "queue")
}


def add(connection: Connection, program: str, name: str, *, stamp: str, now: datetime) -> None:
    """Store a new program. Raises IntegrityError if the id is taken."""
    connection.execute(insert(programs).values(id=program, name=name, stamp=stamp, created_at=now))
    connection.execute(insert(feeds).values(program=program, position=0, queue=0))


def exists(connection: Connection, program: str) -> bool:
    """Whether there is such a program."""
    return connection.scalar(select(programs.c.id).where(programs.c.id == program)) is not None


def ids(connection: Connection) -> list[str]:
    """All programs; they are few."""
    return list(connection.scalars(select(programs.c.id).order_by(programs.c.id)))


def setup(connection: Connection, program: str) -> Any:
    """The program with the digest of its active rubric and the number of changes to its queue."""
    return connection.execute(_SETUP, {"program": program}).one_or_none()


def hold(connection: Connection, program: str, *, alone: bool = False) -> None:
    """Let the program be as it is until the transaction ends: shared by counters, alone for an activation."""
    if connection.dialect.name == "postgresql":
        # Not a row lock: those let newcomers share while somebody waits to be alone, perhaps for ever.
        connection.execute(_LOCKING[alone], {"program": program})


def stamp(connection: Connection, program: str) -> str | None:
    """What it is known by how the program counts now; None if there is no such program."""
    return connection.scalar(_STAMP, {"program": program})


def set_stamp(connection: Connection, program: str, new: str) -> None:
    """Say that how the program counts has changed."""
    connection.execute(update(programs).where(programs.c.id == program).values(stamp=new))


def activate(connection: Connection, program: str, version: int, *, landmark: int, settled_day: int) -> None:
    """Make `version` the active rubric; nothing is being built any more."""
    connection.execute(
        update(programs)
        .where(programs.c.id == program)
        .values(
            active_rubric=version, landmark=landmark, settled_day=settled_day, building=None, build_day=None
        )
    )


def build(connection: Connection, program: str, version: int | None, *, day: int | None) -> None:
    """Note which version's scores are being built, as of which day; None is none."""
    connection.execute(
        update(programs).where(programs.c.id == program).values(building=version, build_day=day)
    )


def settled(connection: Connection, program: str, *, day: int) -> None:
    """Note up to which day fading is settled."""
    connection.execute(update(programs).where(programs.c.id == program).values(settled_day=day))


def set_landmark(connection: Connection, program: str, landmark: int) -> None:
    """Note what day stored scores are weighted to from now on."""
    connection.execute(update(programs).where(programs.c.id == program).values(landmark=landmark))


def set_kept_from(connection: Connection, program: str, kept_from: datetime) -> None:
    """Note from when on the ledger is kept."""
    connection.execute(update(programs).where(programs.c.id == program).values(kept_from=kept_from))


def set_internal_contacts(connection: Connection, program: str, contacts: Sequence[str]) -> None:
    """Note which addresses and domains are of the house."""
    connection.execute(
        update(programs).where(programs.c.id == program).values(internal_contacts=list(contacts))
    )


def take_queue_positions(connection: Connection, program: str, count: int) -> int:
    """Take the next `count` places among the changes to the queue of hand-offs; the first of them.

    The row stays locked until the commit, as with `take_positions`.
    """
    return _take(connection, "queue", program, count)


def hold_queue(connection: Connection, program: str) -> None:
    """Let nobody else change the queue until the transaction ends; on SQLite that is so anyway."""
    connection.execute(select(feeds.c.queue).where(feeds.c.program == program).with_for_update())


def take_positions(connection: Connection, program: str, count: int) -> int:
    """Take the next `count` places in the score feed; the first of them.

    The row stays locked until the commit, so positions become visible in order and none is skipped.
    """
    return _take(connection, "position", program, count)


def _take(connection: Connection, place: str, program: str, count: int) -> int:
    last = connection.execute(_TAKING[place], {"of": program, "taken": count}).scalar_one()
    return int(last) - count + 1
