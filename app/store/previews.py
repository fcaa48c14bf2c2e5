"""Queries on previews and on who would pass the threshold."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, and_, delete, or_, select, update

from app.models import preview_items, previews
from app.store.recordset import insert_rows, inserting

PAGE = 10_000


class Key(NamedTuple):
    """Names a preview: a version as of a day."""

    program: str
    version: int
    as_of: int


class Item(NamedTuple):
    """A partner that would pass the threshold, one way or the other."""

    side: str
    partner: str
    name: str | None
    before: float
    after: float
    score: float


_KEY = [previews.c[name] for name in Key._fields]


def start(connection: Connection, key: Key, *, now: datetime) -> None:
    """Begin a preview, or begin it anew."""
    statement = inserting(connection, previews).values(**key._asdict(), state="running", started_at=now)
    again = {"state": "running", "started_at": now}
    connection.execute(statement.on_conflict_do_update(index_elements=list(Key._fields), set_=again))


def finish(
    connection: Connection, key: Key, result: Mapping[str, Any], items: Sequence[Item], *, now: datetime
) -> None:
    """Keep what a preview found, over what it found before; nothing if its version was dropped meanwhile."""
    done = update(previews).where(*_is(previews, key))
    if not connection.execute(done.values(state="done", result=result, finished_at=now)).rowcount:
        return
    connection.execute(delete(preview_items).where(*_is(preview_items, key)))
    columns = [preview_items.c[name] for name in (*Key._fields, *Item._fields)]
    for place in range(0, len(items), PAGE):
        rows = [(*key, *item) for item in items[place : place + PAGE]]
        connection.execute(insert_rows(connection, preview_items, columns, rows))


def get(connection: Connection, key: Key) -> Row[Any] | None:
    """One preview."""
    return connection.execute(select(previews).where(*_is(previews, key))).one_or_none()


def latest(connection: Connection, program: str, version: int) -> Row[Any] | None:
    """The preview of a version that was begun last."""
    return connection.execute(
        select(previews)
        .where(previews.c.program == program, previews.c.version == version)
        .order_by(previews.c.started_at.desc(), previews.c.as_of.desc())
        .limit(1)
    ).one_or_none()


def running(connection: Connection) -> list[Key]:
    """Previews that are not done, oldest first."""
    query = select(*_KEY).where(previews.c.state == "running").order_by(previews.c.started_at)
    return [Key(*row) for row in connection.execute(query)]


def page(
    connection: Connection, key: Key, side: str, *, after: tuple[float, str] | None, limit: int
) -> list[Item]:
    """Partners that pass the threshold in one direction, highest score first."""
    columns = preview_items.c
    query = select(*(columns[name] for name in Item._fields)).where(
        *_is(preview_items, key), columns.side == side
    )
    if after is not None:
        score, partner = after
        query = query.where(
            or_(columns.score < score, and_(columns.score == score, columns.partner > partner))
        )
    rows = connection.execute(query.order_by(columns.score.desc(), columns.partner).limit(limit))
    return [Item(*row) for row in rows]


def _is(table: Any, key: Key) -> list[Any]:
    return [table.c[name] == value for name, value in key._asdict().items()]
