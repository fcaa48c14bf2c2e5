"""Claiming: one hand-off to one person, by name or the best there is."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection

from app import store
from app.errors import ClaimLimit
from app.services.assigning import require_active
from app.services.handoff_view import Handoff
from app.services.moves import CLAIM, Move, apply, hold, require
from app.services.rulebook import Rulebook, hold_rulebook


def claim(connection: Connection, program: str, handoff: str, *, by: str, now: datetime) -> Handoff:
    """Take an open hand-off. Raises NotFound, HandoffState if somebody was faster, ClaimLimit, Conflict."""
    rules = hold_rulebook(connection, program)
    _require_able(connection, rules, by)
    held = hold(connection, rules, handoff)
    return apply(connection, rules, require(connection, program, handoff), held, _claim(by), now=now)


def claim_next(
    connection: Connection, program: str, *, by: str, owner: str | None, now: datetime
) -> Handoff | None:
    """Take the best open hand-off of `owner`; without one, `by`'s own first and then those of nobody.

    None if there is none. Callers at the same moment get different ones. Raises ClaimLimit and Conflict.
    """
    rules = hold_rulebook(connection, program)
    _require_able(connection, rules, by)
    owners = (by, None) if owner is None else (owner,)
    while found := _hold_best(connection, program, owners):
        handoff, partner = found
        row = require(connection, program, handoff)
        # It was found by what was committed when the search began; since it is held, it is as it is read.
        if row.state == "open" and row.partner == partner:
            held = hold(connection, rules, handoff)
            return apply(connection, rules, row, held, _claim(by), now=now)
    return None


def _hold_best(
    connection: Connection, program: str, owners: Collection[str | None]
) -> tuple[str, str] | None:
    """One that nobody else holds, say to count an event; if there is none, what is held is waited for."""
    free = store.handoffs.hold_best(connection, program, owners, patient=False)
    return free or store.handoffs.hold_best(connection, program, owners, patient=True)


def _claim(by: str) -> Move:
    return Move(CLAIM, by, writes={"claimed_by": by})


def _require_able(connection: Connection, rules: Rulebook, by: str) -> None:
    """Raise Conflict for somebody who is switched off, ClaimLimit for one who holds enough already."""
    require_active(connection, rules.program, by)
    most = rules.rubric.handoff.max_claimed if rules.rubric.handoff else None
    if most is None:
        return
    store.handoffs.hold_person(connection, rules.program, by)
    claimed = store.handoffs.count_claimed(connection, rules.program, by)
    if claimed >= most:
        raise ClaimLimit(
            f"{by} has claimed {claimed} hand-offs and the rubric allows {most}; close one first."
        )
