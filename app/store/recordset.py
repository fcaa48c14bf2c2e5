"""Many rows or values as one statement's parameters, so that no statement grows with a batch.

PostgreSQL unnests one array per column, SQLite reads one JSON text; both keep the order of the rows.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    FromClause,
    String,
    Table,
    any_,
    bindparam,
    cast,
    column,
    func,
    select,
    true,
    type_coerce,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.elements import KeyedColumnElement

Columns = Sequence[KeyedColumnElement[Any]]
Rows = Collection[Sequence[object]]


def recordset(connection: Connection, columns: Columns, rows: Rows) -> FromClause:
    """A table of `rows`; its columns have the names and types of `columns`."""
    if connection.dialect.name == "postgresql":
        return _unnested(connection, columns, rows)
    return _from_json(connection, columns, rows)


def among(
    connection: Connection, tested: ColumnElement[Any], values: Collection[object]
) -> ColumnElement[bool]:
    """Whether `tested` is one of `values`."""
    if connection.dialect.name == "postgresql":
        return tested == any_(bindparam(None, list(values), ARRAY(tested.type), unique=True))
    return tested.in_(select(func.json_each(json.dumps(list(values))).table_valued("value").c.value))


def insert_rows(connection: Connection, table: Table, columns: Columns, rows: Rows) -> "Upsert":
    """INSERT ... SELECT of `rows`, to be completed with ON CONFLICT and RETURNING."""
    source = recordset(connection, columns, rows)
    names = [str(each.key) for each in columns]
    # SQLite's grammar takes ON CONFLICT after a SELECT only if that has a WHERE.
    query = select(*(source.c[name] for name in names)).where(true())
    return inserting(connection, table).from_select(names, query)


Upsert = postgresql.Insert | sqlite.Insert


def inserting(connection: Connection, table: Table) -> Upsert:
    """An INSERT that knows ON CONFLICT in the connection's dialect."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def _unnested(connection: Connection, columns: Columns, rows: Rows) -> FromClause:
    arrays = []
    for each, values in zip(columns, _transposed(columns, rows), strict=True):
        if isinstance(each.type, JSON):
            arrays.append(bindparam(None, _processed(connection, each, values), ARRAY(String), unique=True))
        else:
            arrays.append(bindparam(None, values, ARRAY(each.type), unique=True))
    table = func.unnest(*arrays).table_valued(*(column(str(each.key), each.type) for each in columns))
    raw = table.render_derived(name="r")
    if not any(isinstance(each.type, JSON) for each in columns):
        return raw
    return select(
        *(
            cast(raw.c[e.key], JSON).label(e.key) if isinstance(e.type, JSON) else raw.c[e.key]
            for e in columns
        )
    ).subquery("rows")


def _from_json(connection: Connection, columns: Columns, rows: Rows) -> FromClause:
    processed = [
        _processed(connection, each, values)
        for each, values in zip(columns, _transposed(columns, rows), strict=True)
    ]
    text = json.dumps(list(zip(*processed, strict=True)), ensure_ascii=False)
    row = func.json_each(bindparam(None, text, String, unique=True)).table_valued("key", "value")
    return select(
        *(
            type_coerce(func.json_extract(row.c.value, f"$[{place}]"), each.type).label(each.key)
            for place, each in enumerate(columns)
        )
    ).subquery("rows")


def _transposed(columns: Columns, rows: Rows) -> list[list[object]]:
    return [list(values) for values in zip(*rows, strict=True)] if rows else [[] for _ in columns]


def _processed(connection: Connection, each: ColumnElement[Any], values: Iterable[object]) -> list[object]:
    process = each.type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
    return [process(value) for value in values] if process else list(values)
