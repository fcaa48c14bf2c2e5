"""Moves of hand-offs: who may do what in which state, each a line of history and a message."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from app import store
from app.errors import HandoffState, NotFound
from app.scoring.crossing import rearm_day
from app.services.announcing import Message
from app.services.handoff_view import Handoff, handoff_view
from app.services.opening import SERVICE
from app.services.publishing import publish
from app.services.rulebook import Rulebook, hold_rulebook
from app.store.standings import Standing

UNFINISHED = frozenset({"open", "claimed", "snoozed"})


@dataclass(frozen=True)
class _Move:
    """One move: from which states, to which, and what it writes beside the state."""

    name: str
    allowed: frozenset[str]
    state: str
    message: str
    by: str
    reason: str | None = None
    writes: Mapping[str, Any] = field(default_factory=dict)


def claim(connection: Connection, program: str, handoff: str, *, by: str, now: datetime) -> Handoff:
    """Take an open hand-off. Raises NotFound, or HandoffState if somebody was faster."""
    move = _Move("claim", frozenset({"open"}), "claimed", "handoff.claimed", by, writes={"claimed_by": by})
    return _make(connection, program, handoff, move, now=now)


def release(
    connection: Connection, program: str, handoff: str, *, by: str, reason: str | None, now: datetime
) -> Handoff:
    """Give a claimed hand-off back to the queue. Raises NotFound and HandoffState."""
    move = _Move(
        "release", frozenset({"claimed"}), "open", "handoff.released", by, reason, writes={"claimed_by": None}
    )
    return _make(connection, program, handoff, move, now=now)


@dataclass(frozen=True)
class Closing:
    """What the human says about the call."""

    outcome: str
    reason: str | None = None
    value: float | None = None
    note: str | None = None


def close(
    connection: Connection, program: str, handoff: str, closing: Closing, *, by: str | None, now: datetime
) -> Handoff:
    """Close a hand-off with an outcome, which decides when the partner is armed again.

    `by` None is whoever claimed it. Raises NotFound and HandoffState.
    """
    claimed_by = get_handoff(connection, program, handoff).claimed_by
    return _make(
        connection, program, handoff, _closing_move(closing, by=by or claimed_by or "desk", now=now), now=now
    )


def withdraw(connection: Connection, rules: Rulebook, row: Any, *, reason: str, now: datetime) -> None:
    """Close a hand-off that no longer stands, on behalf of the service."""
    held = _hold(connection, rules, row.partner)
    _apply(
        connection,
        rules,
        row,
        held,
        _closing_move(Closing("withdrawn", reason), by=SERVICE, now=now),
        now=now,
    )


def get_handoff(connection: Connection, program: str, handoff: str) -> Handoff:
    """One hand-off with its history. Raises NotFound."""
    row = store.handoffs.get(connection, program, handoff)
    if row is None:
        raise NotFound(f"There is no hand-off {handoff!r} in this program.")
    return handoff_view(row, store.handoffs.history(connection, [handoff]).get(handoff, []))


def list_handoffs(
    connection: Connection,
    program: str,
    *,
    equals: Mapping[str, str],
    due_before: datetime | None,
    after: tuple[int, float, datetime, str] | None,
    limit: int,
) -> tuple[list[Handoff], list[object] | None]:
    """A page of hand-offs by urgency, and where the next one begins (None: there is none)."""
    rows = store.handoffs.page(
        connection, program, equals=equals, due_before=due_before, after=after, limit=limit + 1
    )
    shown = rows[:limit]
    moves = store.handoffs.history(connection, [row.id for row in shown])
    last = shown[-1] if len(rows) > limit else None
    following = [last.grade_rank, last.score, last.opened_at, last.id] if last else None
    return [handoff_view(row, moves.get(row.id, [])) for row in shown], following


def move_or_withdraw_open(
    connection: Connection, rules: Rulebook, partner: str, into: str, *, now: datetime
) -> None:
    """On a merge: an unfinished hand-off of `partner` goes along, unless `into` has one already."""
    unfinished = {
        row.partner: row
        for row in store.handoffs.open_of_partners(connection, rules.program, [partner, into])
    }
    if partner not in unfinished:
        return
    if into in unfinished:
        withdraw(connection, rules, unfinished[partner], reason=f"merged into {into}", now=now)
        return
    source, target = _hold(connection, rules, partner), _hold(connection, rules, into)
    row = unfinished[partner]
    store.handoffs.change(connection, row.id, {"partner": into})
    moved = [
        source._replace(open_handoff=None),
        target._replace(open_handoff=row.id, armed=False, rearm_on=None),
    ]
    publish(connection, rules, {partner: source, into: target}, moved, now=now)


def _closing_move(closing: Closing, *, by: str, now: datetime) -> _Move:
    writes = {
        "outcome": closing.outcome,
        "reason": closing.reason,
        "value": closing.value,
        "note": closing.note,
        "closed_at": now,
    }
    return _Move("close", UNFINISHED, "closed", "handoff.closed", by, closing.reason, writes)


def _make(connection: Connection, program: str, handoff: str, move: _Move, *, now: datetime) -> Handoff:
    rules = hold_rulebook(connection, program)
    partner = _partner_of(connection, program, handoff)
    # Every change of a hand-off holds its partner's standing, so what is read after this line stays true.
    held = _hold(connection, rules, partner)
    row = store.handoffs.get(connection, program, handoff)
    return _apply(connection, rules, row, held, move, now=now)


def _partner_of(connection: Connection, program: str, handoff: str) -> str:
    return get_handoff(connection, program, handoff).partner.id


def _hold(connection: Connection, rules: Rulebook, partner: str) -> Standing:
    wanted = [rules.newcomer._replace(partner=partner)]
    return store.standings.hold(connection, rules.program, wanted)[partner]


def _apply(
    connection: Connection, rules: Rulebook, row: Any, held: Standing, move: _Move, *, now: datetime
) -> Handoff:
    if row.state not in move.allowed:
        raise HandoffState(
            f"The hand-off is {row.state}{f' by {row.claimed_by}' if row.state == 'claimed' else ''}; "
            f"{move.name} needs it to be {' or '.join(sorted(move.allowed))}."
        )
    store.handoffs.change(connection, row.id, {"state": move.state, **move.writes})
    line = {"by": move.by, "move": move.name, "state": move.state, "reason": move.reason}
    place = store.handoffs.count_moves(connection, row.id) + 1
    store.handoffs.add_moves(connection, [{"handoff": row.id, "n": place, "at": now, **line}])
    view = get_handoff(connection, rules.program, row.id)
    message = Message(move.message, view.model_dump(mode="json"), partner=row.partner)
    new = _closed(rules, held, view.outcome, now=now) if move.state == "closed" else held
    publish(connection, rules, {row.partner: held}, [new], [message], now=now)
    return view


def _closed(rules: Rulebook, held: Standing, outcome: str | None, *, now: datetime) -> Standing:
    day = rearm_day(rules.rubric, outcome or "default", closed_day=rules.day_of(now))
    return held._replace(open_handoff=None, armed=False, rearm_on=day)
