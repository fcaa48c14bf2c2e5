"""Reps: who works the desk, in what proportion, and what happens to their hand-offs when they are away."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from app import store
from app.errors import NotFound
from app.services.assigning import assigned
from app.services.moves import ASSIGN, RELEASE, SERVICE, Move, apply, require
from app.services.rescoring import hold_standings
from app.services.rulebook import Rulebook, hold_rulebook
from app.store.reps import Rep as Row


class Rep(BaseModel):
    """A person of the desk."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "example": {
                "email": "rep@vendor.example",
                "name": "Robin Reed",
                "active": True,
                "weight": 1.0,
                "created_at": "2026-02-01T08:00:00Z",
                "updated_at": "2026-02-01T08:00:00Z",
            }
        },
    )

    email: str
    name: str | None
    active: bool = Field(description="Whether they get and may claim hand-offs.")
    weight: float = Field(description="Their share of the hand-offs, relative to the others'.")
    created_at: datetime
    updated_at: datetime


def list_reps(connection: Connection, program: str, *, after: str, limit: int) -> list[Rep]:
    """Reps by e-mail address."""
    rows = store.reps.page(connection, program, after=after, limit=limit)
    return [Rep.model_validate(row) for row in rows]


def get_rep(connection: Connection, program: str, email: str) -> Rep:
    """One rep. Raises NotFound."""
    return Rep.model_validate(_require(connection, program, email))


def put_rep(
    connection: Connection,
    program: str,
    email: str,
    *,
    name: str | None,
    active: bool,
    weight: float,
    now: datetime,
) -> Rep:
    """Create or replace a rep. Who is switched off gives all hand-offs back."""
    # Alone: nobody must be given a hand-off, or claim one, at the moment they are switched off.
    rules = hold_rulebook(connection, program, alone=True)
    known = store.reps.get(connection, program, email)
    turn = store.reps.first_turn(connection, program)
    if known is not None and known.active:
        turn = known.turn
    row = Row(email, name, active, weight, turn, known.created_at if known else now, now)
    store.reps.put(connection, program, row)
    if not active:
        _give_back(connection, rules, email, reason=f"{email} was switched off", now=now)
    return Rep.model_validate(row)


def remove_rep(connection: Connection, program: str, email: str, *, now: datetime) -> None:
    """Take a rep off the desk, who gives all hand-offs back. Raises NotFound."""
    rules = hold_rulebook(connection, program, alone=True)
    row = _require(connection, program, email)
    store.reps.put(connection, program, row._replace(active=False))
    _give_back(connection, rules, email, reason=f"{email} left the desk", now=now)
    store.reps.remove(connection, program, email)


def _require(connection: Connection, program: str, email: str) -> Row:
    row = store.reps.get(connection, program, email)
    if row is None:
        raise NotFound(f"There is no rep {email!r} in this program.")
    return row


def _give_back(connection: Connection, rules: Rulebook, email: str, *, reason: str, now: datetime) -> None:
    """Release what the person has claimed, and find another owner for what is theirs."""
    rows = store.handoffs.of_person(connection, rules.program, email)
    for row in rows:
        if row.claimed_by == email:
            _make(connection, rules, row.id, Move(RELEASE, SERVICE, reason, {"claimed_by": None}), now=now)
    owned = [row for row in rows if row.owner == email]
    for row, owner in zip(owned, _others(connection, rules, owned), strict=True):
        move = Move(ASSIGN, SERVICE, reason, {"owner": owner}, {"owner": owner})
        _make(connection, rules, row.id, move, now=now)


def _others(connection: Connection, rules: Rulebook, owned: Sequence[object]) -> list[str | None]:
    if rules.rubric.handoff is None:
        return [None] * len(owned)
    return assigned(connection, rules.program, rules.rubric.handoff, [None] * len(owned))


def _make(connection: Connection, rules: Rulebook, handoff: str, move: Move, *, now: datetime) -> None:
    row = require(connection, rules.program, handoff)
    held = hold_standings(connection, rules, [row.partner])[row.partner]
    apply(connection, rules, row, held, move, now=now)
