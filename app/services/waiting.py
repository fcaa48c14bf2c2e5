"""The waiting list: crossings that the desk had no place for, opened best first as places come free."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from app import store
from app.scoring.rubric import Handoff as Terms
from app.services.assigning import assigned
from app.services.capacity import hold_places, places_left
from app.services.moves import ASSIGN, OPEN, SERVICE, Move, apply
from app.services.opening import frozen, opened_now
from app.services.reasons import reasons_of
from app.services.rescoring import hold_standings
from app.services.rulebook import Rulebook, hold_rulebook

OPENED_AT_ONCE = 50


def fill_places(connection: Connection, program: str, *, now: datetime) -> int:
    """Open the best of those that wait, as many as there are places; how many that were.

    Each is told as it is now, with what its partner has done since the crossing.
    """
    rules = hold_rulebook(connection, program)
    terms = rules.rubric.handoff
    if terms is None or places_left(connection, rules, terms, now=now, in_line=True) == 0:
        return 0
    partners = [row.partner for row in store.handoffs.waiting(connection, program, OPENED_AT_ONCE)]
    held = hold_standings(connection, rules, partners)
    left = hold_places(connection, rules, terms, now=now, in_line=True)
    # Read again: some may have been closed or merged before their standings were held.
    rows = store.handoffs.waiting(connection, program, OPENED_AT_ONCE)
    chosen = [row for row in rows if row.partner in held][:left]
    opening = _openings(connection, rules, terms, chosen, now=now)
    for row, writes in zip(chosen, opening, strict=True):
        score = rules.score_now(held[row.partner].stored, now=now)
        move = Move(OPEN, SERVICE, writes=frozen(rules, terms, held[row.partner], score) | writes)
        apply(connection, rules, row, held[row.partner], move, now=now)
    return len(chosen)


def _openings(
    connection: Connection, rules: Rulebook, terms: Terms, rows: Sequence[Any], *, now: datetime
) -> list[dict[str, Any]]:
    reasons = reasons_of(connection, rules, [row.partner for row in rows], now=now)
    owners = assigned(connection, rules.program, terms, _owners(connection, rules.program, rows))
    return [
        reasons[row.partner] | opened_now(rules, terms, owner, now=now)
        for row, owner in zip(rows, owners, strict=True)
    ]


def _owners(connection: Connection, program: str, rows: Sequence[Any]) -> list[str | None]:
    """Whom somebody has assigned while it waited, else the partner's owner as of now."""
    partners = store.partners.get_many(connection, program, [row.partner for row in rows])
    history = store.handoffs.history(connection, [row.id for row in rows])
    assigned_by_hand = {
        handoff for handoff, moves in history.items() if any(each.move == ASSIGN.name for each in moves)
    }
    return [row.owner if row.id in assigned_by_hand else partners[row.partner].owner for row in rows]
