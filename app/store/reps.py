"""Queries on reps: the people of the desk."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, bindparam, delete, func, select

from app.models import reps
from app.store.recordset import insert_rows


class Rep(NamedTuple):
    """A person of the desk; columns as in the table."""

    email: str
    name: str | None
    active: bool
    weight: float
    turn: float
    created_at: datetime
    updated_at: datetime


_COLUMNS = [reps.c[name] for name in Rep._fields]
_KEYED = [reps.c.program, *_COLUMNS]
_HOLDING = (
    select(*_COLUMNS).where(reps.c.program == bindparam("program")).order_by(reps.c.email).with_for_update()
)


def get(connection: Connection, program: str, email: str) -> Rep | None:
    """One rep."""
    row = connection.execute(_all(program).where(reps.c.email == email)).one_or_none()
    return None if row is None else Rep(*row)


def page(connection: Connection, program: str, *, after: str, limit: int) -> list[Rep]:
    """Reps by e-mail address."""
    query = _all(program).where(reps.c.email > after).order_by(reps.c.email).limit(limit)
    return [Rep(*row) for row in connection.execute(query)]


def hold_all(connection: Connection, program: str) -> list[Rep]:
    """All reps of a program, who are few, locked: nobody else assigns until the transaction ends."""
    return [Rep(*row) for row in connection.execute(_HOLDING, {"program": program})]


def first_turn(connection: Connection, program: str) -> float:
    """The turn of whoever gets the next hand-off: a newcomer must not get all until it has caught up."""
    query = select(func.min(reps.c.turn)).where(reps.c.program == program, reps.c.active)
    return float(connection.scalar(query) or 0.0)


def put(connection: Connection, program: str, rep: Rep) -> None:
    """Store a new rep, or another version of a known one."""
    _upsert(connection, program, [rep], [name for name in Rep._fields if name not in ("email", "created_at")])


def save_turns(connection: Connection, program: str, rows: Collection[Rep]) -> None:
    """Write the turns of reps that are held."""
    _upsert(connection, program, rows, ["turn"])


def remove(connection: Connection, program: str, email: str) -> None:
    """Forget a rep."""
    connection.execute(delete(reps).where(reps.c.program == program, reps.c.email == email))


def _all(program: str) -> Select[Any]:
    return select(*_COLUMNS).where(reps.c.program == program)


def _upsert(connection: Connection, program: str, rows: Collection[Rep], columns: list[str]) -> None:
    statement = insert_rows(connection, reps, _KEYED, [(program, *row) for row in rows])
    changed: dict[str, Any] = {name: statement.excluded[name] for name in columns}
    connection.execute(statement.on_conflict_do_update(index_elements=["program", "email"], set_=changed))
