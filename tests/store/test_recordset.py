"""Many rows as one parameter: what goes in comes out, of every type, in order, on both databases."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Connection, select
from sqlalchemy.exc import StatementError

from app.db import T, Work, open_database
from app.models import events, standings, tallies
from app.store.recordset import among, recordset
from tests.support.play import Run
from tests.support.service import settings_for

AT = datetime(2026, 3, 16, 12, 30, 15, 123456, tzinfo=UTC)


@pytest.fixture
def run(database_url: str) -> Iterator[Run]:
    """Work in a transaction of its own."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        database = open_database(settings_for(database_url))

        def run_(work: Work[T]) -> T:
            return runner.run(database.write(work))

        yield run_
        runner.run(database.close())


def through(run: Run, columns: list[Any], rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The rows, having been to the database."""

    def work(connection: Connection) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in connection.execute(select(recordset(connection, columns, rows)))]

    return run(work)


def test_every_type_and_null(run: Run) -> None:
    columns = [events.c.id, events.c.occurred_at, events.c.properties, tallies.c.signal, standings.c.stored]
    columns += [standings.c.armed, standings.c.band]
    rows: list[tuple[Any, ...]] = [
        ("a", AT, {"x": [1, 2.5, None, "é\"'\\"]}, -(2**63), 0.1, True, None),
        ("Ü \U0001f600\n{},\"'", AT, {}, 2**63 - 1, -1e-300, False, "{NULL}"),
        ("NULL", AT, {"a": "null"}, 0, 1e300, True, ""),
    ]
    assert through(run, columns, rows) == rows


def test_instants_come_back_in_utc(run: Run) -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=-7)))
    ((found,),) = through(run, [events.c.occurred_at], [(elsewhere,)])
    assert (found, found.tzinfo) == (AT, UTC)


def test_a_naive_time_is_refused(run: Run) -> None:
    with pytest.raises((ValueError, StatementError), match="naive"):
        through(run, [events.c.occurred_at], [(AT.replace(tzinfo=None),)])


def test_order_and_number(run: Run) -> None:
    rows = [(f"p{n}", n) for n in range(5_000, 0, -1)]
    assert through(run, [tallies.c.partner, tallies.c.day], rows) == rows
    assert through(run, [tallies.c.partner, tallies.c.day], []) == []


@pytest.mark.parametrize(
    ("column", "values"), [(tallies.c.partner, ["a", "Ü", "{NULL}", '"']), (tallies.c.signal, [-(2**63), 0])]
)
def test_among(run: Run, column: Any, values: list[Any]) -> None:
    def found(wanted: list[Any]) -> list[Any]:
        def work(connection: Connection) -> list[Any]:
            rows = recordset(connection, [column], [(value,) for value in values])
            each = rows.c[column.key]
            return list(connection.scalars(select(each).where(among(connection, each, wanted))))

        return run(work)

    assert found(values[:1]) == values[:1]
    assert found(values) == values
    assert found([]) == []
