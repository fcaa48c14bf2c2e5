"""Queries on deliveries: owing them, listing them, sending one again."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Executable,
    Row,
    case,
    func,
    insert,
    literal,
    literal_column,
    or_,
    select,
    tuple_,
    update,
)

from app import clock
from app.models import attempts, deliveries, webhooks
from app.models.base import UtcDateTime
from app.store.recordset import Given, among, prepared, recordset

DeliveryRow = Row[tuple[Any, ...]]

PING = "test.ping"
"""The type of message that goes to disabled webhooks too."""

FORGOTTEN = "{}"
"""The body of what was delivered about somebody who has been erased since."""

# Literal: an index on owed rows only is of no use to a statement that has the state as a parameter.
OWED: ColumnElement[bool] = deliveries.c.state == literal_column("'owed'")

ASKED_AGAIN = 10.0
"""Seconds after which the server is asked for its time again; clocks run apart by microseconds until then."""

PROMPT = 0.5
"""Seconds in which it has to answer, or its answer may be of any moment between."""

_NOW = select(func.clock_timestamp(type_=UtcDateTime))
_ADDED = [
    deliveries.c[name]
    for name in ("id", "program", "webhook", "type", "partner", "sequence", "body", "created_at", "due_at")
]
_LISTED = [each for each in deliveries.c if each.key != "body"]
_ANEW = {
    "uncounted": deliveries.c.attempts,
    "lost": 0,
    "finished_at": None,
    "leased_until": None,
    "fence": deliveries.c.fence + 1,
}


class _Reading(NamedTuple):
    """The server's time, and what the host's monotonic clock said then."""

    at: datetime
    seconds: float


_read = WeakKeyDictionary[Engine, _Reading]()


def database_now(connection: Connection) -> datetime:
    """The server's time, since workers' hosts may disagree about leases; SQLite has but one host.

    Asking for it takes a good part of a claim, so it is asked for now and then, and counted on in between.
    """
    if connection.dialect.name == "sqlite":
        return clock.now()
    seconds, last = monotonic(), _read.get(connection.engine)
    if last is None or seconds - last.seconds > ASKED_AGAIN:
        last = _Reading(connection.execute(_NOW).scalar_one(), seconds)
        # One that took its time may have been answered late: good enough for now, and no more.
        if monotonic() - seconds < PROMPT:
            _read[connection.engine] = last
    return last.at + timedelta(seconds=seconds - last.seconds)


def add(connection: Connection, rows: Collection[Mapping[str, Any]]) -> None:
    """Store what is owed, in one statement.

    A row has id, program, webhook, type, partner, sequence, body, created_at and due_at. What is for a
    disabled webhook is held; what is for one that has just been deleted is left out.
    """
    _add(connection, [[row[each.key] for each in _ADDED] for row in rows])


@prepared(*_ADDED)
def _add(given: Given) -> Executable:
    source = given.rows
    state = case((or_(webhooks.c.enabled, source.c.type == PING), "owed"), else_="held")
    sequence = case((webhooks.c.ordered, source.c.sequence), else_=None)
    taken = [sequence if each.key == "sequence" else source.c[each.key] for each in _ADDED]
    query = select(*taken, state, *(literal(0) for _ in range(4))).join_from(
        source, webhooks, webhooks.c.id == source.c.webhook
    )
    # Whoever deletes or disables a webhook at this moment waits for us, or we for them.
    query = query.where(webhooks.c.deleted_at.is_(None)).order_by(webhooks.c.id)
    query = query.with_for_update(read=True, of=webhooks)
    names = [*(each.key for each in _ADDED), "state", "attempts", "uncounted", "lost", "fence"]
    return insert(deliveries).from_select(names, query)


def forget_bodies(connection: Connection, program: str, partners: Collection[str]) -> None:
    """Empty what was delivered about these partners; what is still owed must go out as it is."""
    theirs = (deliveries.c.program == program, among(connection, deliveries.c.partner, partners))
    connection.execute(
        update(deliveries).where(*theirs, deliveries.c.state == "delivered").values(body=FORGOTTEN)
    )


def page(
    connection: Connection,
    program: str,
    *,
    webhook: str | None,
    status: str | None,
    since: datetime | None,
    before: tuple[datetime, str] | None,
    limit: int,
) -> Sequence[DeliveryRow]:
    """Deliveries without their bodies, newest first; `before` is the last row's (created_at, id)."""
    query = select(*_LISTED).where(deliveries.c.program == program, _listed(program))
    if webhook is not None:
        query = query.where(deliveries.c.webhook == webhook)
    if status is not None:
        query = query.where(deliveries.c.state == status)
    if since is not None:
        query = query.where(deliveries.c.created_at >= since)
    age = tuple_(deliveries.c.created_at, deliveries.c.id)
    if before is not None:
        query = query.where(age < before)
    newest = query.order_by(deliveries.c.created_at.desc(), deliveries.c.id.desc())
    return connection.execute(newest.limit(limit)).all()


def get(connection: Connection, program: str, delivery: str, *, lock: bool = False) -> DeliveryRow | None:
    """One delivery, with its body."""
    mine = (deliveries.c.program == program, deliveries.c.id == delivery, _listed(program))
    query = select(deliveries).where(*mine)
    return connection.execute(query.with_for_update() if lock else query).one_or_none()


def _listed(program: str) -> ColumnElement[bool]:
    deleted = (webhooks.c.program == program, webhooks.c.deleted_at.is_not(None))
    return deliveries.c.webhook.not_in(select(webhooks.c.id).where(*deleted))


def attempts_of(connection: Connection, delivery: str) -> Sequence[DeliveryRow]:
    """The attempts at one delivery, first to last."""
    return connection.execute(
        select(attempts).where(attempts.c.delivery == delivery).order_by(attempts.c.n)
    ).all()


def owe_again(connection: Connection, ids: Collection[str], *, now: datetime) -> None:
    """Have these sent at once, under their ids, with the whole retry schedule before them.

    What comes of one that is in flight is nobody's any more: it was sent before this was asked for.
    """
    again = update(deliveries).where(among(connection, deliveries.c.id, ids))
    connection.execute(again.values(state="owed", due_at=now, replayed_at=now, **_ANEW))


def repeat(connection: Connection, copies: Collection[tuple[str, str]], *, now: datetime) -> None:
    """Owe delivered messages once more as new ones; each copy is (id of the old, id of the new)."""
    pairs = recordset(connection, [deliveries.c.replay_of, deliveries.c.id], list(copies))
    kept = ("program", "webhook", "type", "partner", "body")
    fixed = {"state": "owed", "created_at": now, "due_at": now, "replayed_at": now}
    zeros = ("attempts", "uncounted", "lost", "fence")
    query = select(
        pairs.c.id,
        pairs.c.replay_of,
        *(deliveries.c[name] for name in kept),
        *(literal(value, deliveries.c[name].type) for name, value in fixed.items()),
        *(literal(0) for _ in zeros),
    ).join_from(pairs, deliveries, deliveries.c.id == pairs.c.replay_of)
    query = query.where(deliveries.c.body != FORGOTTEN)
    names = ["id", "replay_of", *kept, *fixed, *zeros]
    connection.execute(insert(deliveries).from_select(names, query))
