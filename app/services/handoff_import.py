"""Outcomes from a file: of hand-offs that are here, and of calls that another system knew of."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from sqlalchemy import Connection

from app import store
from app.services.entries import EARLY
from app.services.handoffs import Closing
from app.services.import_results import Result, rejected, told_again
from app.services.moves import UNFINISHED, apply
from app.services.past_handoffs import Past, record_past
from app.services.rescoring import hold_standings
from app.services.rulebook import Rulebook, hold_rulebook


@dataclass(frozen=True)
class Mention:
    """A hand-off that is only said to be there, and how it ended if it did."""

    id: str
    outcome: str | None


@dataclass(frozen=True)
class Ended:
    """What came of a hand-off that is here."""

    id: str
    closing: Closing
    by: str | None = None
    closed_at: datetime | None = None


Line = Mention | Ended | Past


def import_some(
    connection: Connection, program: str, lines: Sequence[Line], *, by: str, now: datetime
) -> list[Result]:
    """Do what the lines say, each by itself; results in the same order. `by` signs what nobody else did."""
    rules = hold_rulebook(connection, program)
    _hold_partners(connection, rules, lines)
    return [_import(connection, rules, _in_time(line, now), by=by, now=now) for line in lines]


def _import(connection: Connection, rules: Rulebook, line: Line, *, by: str, now: datetime) -> Result:
    match line:
        case Mention():
            return _look(connection, rules, line)
        case Ended():
            return _close(connection, rules, line, by=by, now=now)
        case Past():
            return record_past(connection, rules, line, by=by, now=now)
        case _:
            assert_never(line)


def _hold_partners(connection: Connection, rules: Rulebook, lines: Sequence[Line]) -> None:
    """Hold the standings of all that the lines are about, in the order in which everybody does."""
    ids = {line.id for line in lines if isinstance(line, Ended)}
    named = {line.partner for line in lines if isinstance(line, Past)}
    partners = store.handoff_files.partners_of(connection, rules.program, ids)
    partners |= set(store.partners.roots(connection, rules.program, named).values())
    hold_standings(connection, rules, partners)
    if named:
        # Nobody else may use an external id that is found to be free.
        store.programs.hold_queue(connection, rules.program)


def _in_time(line: Line, now: datetime) -> Line:
    """A clock that is a little ahead of ours is taken for ours."""
    if isinstance(line, Mention) or line.closed_at is None or not now < line.closed_at <= now + EARLY:
        return line
    return replace(line, closed_at=now)


def _look(connection: Connection, rules: Rulebook, line: Mention) -> Result:
    row = store.handoffs.get(connection, rules.program, line.id)
    if row is None:
        return _unknown(line.id)
    if line.outcome not in {None, row.outcome}:
        return rejected("outcome", f"{line.outcome} is for the service to say", id_=line.id)
    return Result("unchanged", line.id)


def _close(connection: Connection, rules: Rulebook, line: Ended, *, by: str, now: datetime) -> Result:
    row = store.handoffs.get(connection, rules.program, line.id)
    if row is None:
        return _unknown(line.id)
    if row.state not in UNFINISHED:
        return told_again(row, line.closing)
    closed_at = line.closed_at or now
    if not row.crossed_at <= closed_at <= now:
        return rejected("closed_at", "must be between the crossing and now", id_=line.id)
    held = hold_standings(connection, rules, [row.partner])[row.partner]
    move = line.closing.move(by=line.by or row.claimed_by or by, now=closed_at)
    apply(connection, rules, row, held, move, now=now)
    return Result("closed", line.id)


def _unknown(id_: str) -> Result:
    return rejected("id", "is no hand-off of this program", id_=id_)
