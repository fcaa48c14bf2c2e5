"""Queries on hand-offs and their history."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Executable,
    Row,
    String,
    and_,
    case,
    cast,
    func,
    literal_column,
    or_,
    select,
    update,
)

from app.models import handoff_moves, handoffs, partners, programs, standings
from app.store.programs import LOCKS, take_queue_positions
from app.store.recordset import Given, among, prepared

HandoffRow = Row[tuple[Any, ...]]

PERSON_LOCKS = LOCKS + 1
"""Advisory locks on persons, apart from those on programs."""

_OWN_STANDING = and_(standings.c.program == handoffs.c.program, standings.c.partner == handoffs.c.partner)
SHOWN = (
    select(handoffs, partners.c.name.label("partner_name"), standings.c.stored)
    .join(standings, _OWN_STANDING)
    .join(
        partners,
        and_(partners.c.program == handoffs.c.program, partners.c.id == handoffs.c.partner),
        isouter=True,
    )
)
# Literal: an index on unfinished rows only is of no use to a statement that has the state as a parameter.
UNFINISHED = handoffs.c.state != literal_column("'closed'")
# By the grade as it is shown, then the score now: stored scores of a program have the order of the scores.
URGENCY = (handoffs.c.grade_rank, standings.c.stored.desc(), handoffs.c.crossed_at, handoffs.c.id)


def add(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store new hand-offs; what a row does not have is null."""
    _add(connection, [[row.get(each.key) for each in handoffs.c] for row in rows])


@prepared(*handoffs.c)
def _add(given: Given) -> Executable:
    return given.into(handoffs)


def add_moves(connection: Connection, program: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append to the histories; `n` counts from 1 within a hand-off.

    Each takes the next place among the changes to the queue.
    """
    first = take_queue_positions(connection, program, len(rows))
    placed = [{**row, "program": program, "position": first + place} for place, row in enumerate(rows)]
    _add_moves(connection, [[row[each.key] for each in handoff_moves.c] for row in placed])


@prepared(*handoff_moves.c)
def _add_moves(given: Given) -> Executable:
    return given.into(handoff_moves)


def get(connection: Connection, program: str, handoff: str) -> HandoffRow | None:
    """One hand-off."""
    return connection.execute(
        SHOWN.where(handoffs.c.program == program, handoffs.c.id == handoff)
    ).one_or_none()


def open_of_partners(connection: Connection, program: str, ids: Collection[str]) -> list[HandoffRow]:
    """The hand-offs of these partners that are not closed."""
    query = SHOWN.where(
        handoffs.c.program == program,
        among(connection, handoffs.c.partner, ids),
        UNFINISHED,
    )
    return list(connection.execute(query))


def history(connection: Connection, ids: Collection[str]) -> dict[str, list[HandoffRow]]:
    """The moves of each hand-off, oldest first."""
    query = (
        select(handoff_moves)
        .where(among(connection, handoff_moves.c.handoff, ids))
        .order_by(handoff_moves.c.handoff, handoff_moves.c.n)
    )
    found: dict[str, list[HandoffRow]] = {}
    for row in connection.execute(query):
        found.setdefault(row.handoff, []).append(row)
    return found


def change(connection: Connection, handoff: str, values: Mapping[str, Any]) -> None:
    """Write columns of one hand-off."""
    connection.execute(update(handoffs).where(handoffs.c.id == handoff).values(**values))


def hold_best(
    connection: Connection, program: str, owners: Collection[str | None], *, patient: bool
) -> tuple[str, str] | None:
    """The id and partner of the most urgent open hand-off, what a person owns before what nobody does.

    Holds the partner's standing. What others hold is passed over, or waited for by the `patient`; by then
    it may have changed.
    """
    owned = [handoffs.c.owner == owner for owner in owners if owner is not None]
    anybodys = [handoffs.c.owner.is_(None)] if None in owners else []
    query = (
        select(handoffs.c.id, handoffs.c.partner)
        .join(standings, _OWN_STANDING)
        .where(handoffs.c.program == program, handoffs.c.state == "open", or_(*owned, *anybodys))
        .order_by(handoffs.c.owner.is_(None), *URGENCY)
    )
    held = query.limit(1).with_for_update(of=standings, skip_locked=not patient)
    found = connection.execute(held).one_or_none()
    return None if found is None else (found.id, found.partner)


def hold_person(connection: Connection, program: str, by: str) -> None:
    """Let nobody else act for this person until the transaction ends; on SQLite that is so anyway."""
    if connection.dialect.name == "postgresql":
        lock = func.pg_advisory_xact_lock(func.hashtextextended(f"{program}\n{by}", PERSON_LOCKS))
        connection.execute(select(lock))


def count_claimed(connection: Connection, program: str, by: str) -> int:
    """How many hand-offs a person has claimed at this moment."""
    mine = select(func.count()).where(
        handoffs.c.program == program, handoffs.c.state == "claimed", handoffs.c.claimed_by == by
    )
    return int(connection.scalar(mine) or 0)


def count_owned(connection: Connection, program: str) -> dict[str, int]:
    """By owner, how many hand-offs are open, claimed or snoozed."""
    query = (
        select(handoffs.c.owner, func.count())
        .where(
            handoffs.c.program == program,
            UNFINISHED,
            handoffs.c.state != "waiting",
            handoffs.c.owner.is_not(None),
        )
        .group_by(handoffs.c.owner)
    )
    return dict(connection.execute(query).fetchall())


def of_person(connection: Connection, program: str, person: str) -> Sequence[HandoffRow]:
    """What a person owns or has claimed and is not closed."""
    theirs = or_(handoffs.c.owner == person, handoffs.c.claimed_by == person)
    return connection.execute(
        SHOWN.where(handoffs.c.program == program, UNFINISHED, theirs).order_by(handoffs.c.partner)
    ).all()


def count_places(connection: Connection, program: str, *, since: datetime) -> tuple[int, int]:
    """How many hand-offs were opened since then, here and not withdrawn, and how many wait to be."""
    was_called_for = and_(handoffs.c.outcome.is_distinct_from("withdrawn"), handoffs.c.external_id.is_(None))
    opened = select(func.count()).where(
        handoffs.c.program == program, handoffs.c.opened_at >= since, was_called_for
    )
    waiting_ = select(func.count()).where(handoffs.c.program == program, handoffs.c.state == "waiting")
    return int(connection.scalar(opened) or 0), int(connection.scalar(waiting_) or 0)


def waiting(connection: Connection, program: str, limit: int) -> Sequence[HandoffRow]:
    """The most urgent of those that wait for a place at the desk."""
    query = SHOWN.where(handoffs.c.program == program, handoffs.c.state == "waiting", UNFINISHED)
    return connection.execute(query.order_by(*URGENCY).limit(limit)).all()


def programs_waiting(connection: Connection) -> Sequence[str]:
    """Programs in which a hand-off waits for a place."""
    waits = select(handoffs.c.id).where(handoffs.c.program == programs.c.id, handoffs.c.state == "waiting")
    return connection.scalars(select(programs.c.id).where(waits.exists())).all()


def reconsider(connection: Connection, program: str, ranks: Mapping[str, int], *, now: datetime) -> None:
    """Under a new rubric, rank what is not closed by its grades, and look again at every claim."""
    rank = case(ranks, value=handoffs.c.grade, else_=len(ranks)) if ranks else 0
    alarm = case((handoffs.c.state == "claimed", now), else_=handoffs.c.alarm_at)
    connection.execute(
        update(handoffs)
        .where(handoffs.c.program == program, UNFINISHED)
        .values(grade_rank=rank, alarm_at=alarm)
    )


def alarms(connection: Connection, *, now: datetime, limit: int) -> list[tuple[str, str]]:
    """Hand-offs, each by program and id, that the service has to look at, the most overdue first."""
    query = select(handoffs.c.program, handoffs.c.id).where(
        handoffs.c.alarm_at.is_not(None), handoffs.c.alarm_at <= now
    )
    return [
        (row.program, row.id) for row in connection.execute(query.order_by(handoffs.c.alarm_at).limit(limit))
    ]


def closed_of_partners(connection: Connection, program: str, ids: Collection[str]) -> list[HandoffRow]:
    """The closed hand-offs of these partners, oldest first."""
    query = select(handoffs).where(
        handoffs.c.program == program,
        among(connection, handoffs.c.partner, ids),
        handoffs.c.state == "closed",
    )
    return list(connection.execute(query.order_by(handoffs.c.crossed_at)))


def count_moves(connection: Connection, handoff: str) -> int:
    """How many moves a hand-off has seen."""
    return int(connection.scalar(select(func.count()).where(handoff_moves.c.handoff == handoff)) or 0)


def partners_naming(connection: Connection, program: str, names: Collection[str]) -> set[str]:
    """Partners whose hand-offs speak of a person; a merge or a verdict may have moved the tallies away."""
    said = [
        cast(column, String).contains(json.dumps(name), autoescape=True)
        for name in names
        for column in (handoffs.c.trigger, handoffs.c.talking_points)
    ]
    query = select(handoffs.c.partner).where(handoffs.c.program == program, or_(*said))
    return set(connection.scalars(query.distinct()))


def erase_person(
    connection: Connection, program: str, partners_: Collection[str], names: Collection[str]
) -> None:
    """Take an erased person out of what the hand-offs of these partners say."""
    query = select(handoffs.c.id, handoffs.c.trigger, handoffs.c.talking_points).where(
        handoffs.c.program == program, among(connection, handoffs.c.partner, partners_)
    )
    for row in connection.execute(query).all():
        kept = [point for point in row.talking_points if point["contact"] not in names]
        contact = None if row.trigger["contact"] in names else row.trigger["contact"]
        change(connection, row.id, {"talking_points": kept, "trigger": {**row.trigger, "contact": contact}})
