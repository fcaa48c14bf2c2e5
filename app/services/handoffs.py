"""Moves of hand-offs: who may do what in which state, each a line of history and a message."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from app import store
from app.errors import Conflict, HandoffState, NotFound
from app.scoring.crossing import rearm_day
from app.services.announcing import Message, MessageType
from app.services.handoff_view import Handoff, handoff_view
from app.services.opening import SERVICE
from app.services.publishing import publish
from app.services.rulebook import Rulebook, hold_rulebook
from app.store.standings import Standing

UNFINISHED = frozenset({"open", "claimed", "snoozed"})


@dataclass(frozen=True)
class _Line:
    """A line of history."""

    by: str
    move: str
    state: str
    reason: str | None = None


@dataclass(frozen=True)
class _Move:
    """One move: from which states, to which, and what it writes beside the state."""

    name: str
    allowed: frozenset[str]
    state: str
    message: MessageType
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
    connection: Connection,
    program: str,
    handoff: str,
    closing: Closing,
    *,
    by: str | None,
    otherwise: str = "desk",
    now: datetime,
) -> Handoff:
    """Close a hand-off with an outcome, which decides when the partner is armed again.

    `by` None is whoever claimed it, or `otherwise` if nobody did. Raises NotFound and HandoffState.
    """
    signed = by or get_handoff(connection, program, handoff).claimed_by or otherwise
    return _make(connection, program, handoff, _closing_move(closing, by=signed, now=now), now=now)


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


def take_along(connection: Connection, rules: Rulebook, partner: str, into: str, *, now: datetime) -> None:
    """On a merge: an unfinished hand-off goes along; of two, one that nobody claimed is withdrawn.

    Raises Conflict if both are claimed.
    """
    unfinished = store.handoffs.open_of_partners(connection, rules.program, [partner, into])
    moving, staying = (
        next((row for row in unfinished if row.partner == each), None) for each in (partner, into)
    )
    if moving is None:
        return
    if staying is not None:
        if moving.state == staying.state == "claimed":
            raise Conflict(f"{partner!r} and {into!r} both have a claimed hand-off; close one of them first.")
        extra = staying if moving.state == "claimed" else moving
        withdraw(
            connection, rules, extra, reason=f"{partner} was merged into {into}, which has another", now=now
        )
        if extra is moving:
            return
    source, target = _hold(connection, rules, partner), _hold(connection, rules, into)
    store.handoffs.change(connection, moving.id, {"partner": into})
    _log(
        connection,
        moving.id,
        _Line(SERVICE, "merge", moving.state, f"{partner} was merged into {into}"),
        now=now,
    )
    # Un-merged, the partner can raise its hand again.
    moved = [
        source._replace(open_handoff=None, armed=True),
        target._replace(open_handoff=moving.id, armed=False, rearm_on=None),
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
    _log(connection, row.id, _Line(move.by, move.name, move.state, move.reason), now=now)
    view = get_handoff(connection, rules.program, row.id)
    message = Message(move.message, view.model_dump(mode="json"), partner=row.partner)
    new = _closed(rules, held, view.outcome, now=now) if move.state == "closed" else held
    publish(connection, rules, {row.partner: held}, [new], [message], now=now)
    return view


def _log(connection: Connection, handoff: str, line: _Line, *, now: datetime) -> None:
    place = store.handoffs.count_moves(connection, handoff) + 1
    store.handoffs.add_moves(connection, [{"handoff": handoff, "n": place, "at": now, **asdict(line)}])


def _closed(rules: Rulebook, held: Standing, outcome: str | None, *, now: datetime) -> Standing:
    today = rules.day_of(now)
    day = rearm_day(rules.rubric, outcome or "default", today)
    if day <= today:
        return held._replace(open_handoff=None, armed=True, rearm_on=None)
    return held._replace(open_handoff=None, armed=False, rearm_on=day)
