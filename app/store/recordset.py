"""Many rows or values as one statement's parameters, so that no statement grows with a batch.

PostgreSQL unnests one array per column, SQLite reads one JSON text; both keep the order of the rows.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pydantic_core import to_json
from sqlalchemy import (
    JSON,
    BindParameter,
    ColumnElement,
    Connection,
    Dialect,
    Executable,
    FromClause,
    Select,
    String,
    Table,
    and_,
    any_,
    bindparam,
    cast,
    column,
    func,
    literal_column,
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
    values = _parameters(rows, columns, _processes(connection.dialect, columns), connection.dialect.name)

    def given(name: str, type_: Any) -> BindParameter[Any]:
        return bindparam(None, values[name], type_, unique=True)

    return _table(connection.dialect.name, columns, given)


def among(
    connection: Connection, tested: ColumnElement[Any], values: Collection[object]
) -> ColumnElement[bool]:
    """Whether `tested` is one of `values`."""
    if connection.dialect.name == "postgresql":
        return tested == any_(bindparam(None, list(values), ARRAY(tested.type), unique=True))
    return tested.in_(select(func.json_each(_json(list(values))).table_valued("value").c.value))


def insert_rows(connection: Connection, table: Table, columns: Columns, rows: Rows) -> "Upsert":
    """INSERT ... SELECT of `rows`, to be completed with ON CONFLICT and RETURNING."""
    return _inserted(connection.dialect.name, table, columns, recordset(connection, columns, rows), {})


Upsert = postgresql.Insert | sqlite.Insert


def inserting(connection: Connection, table: Table) -> Upsert:
    """An INSERT that knows ON CONFLICT in the connection's dialect."""
    return _insert(connection.dialect.name, table)


def _inserted(
    dialect: str, table: Table, columns: Columns, rows: FromClause, same: Mapping[str, ColumnElement[Any]]
) -> Upsert:
    names = [str(each.key) for each in columns]
    # SQLite's grammar takes ON CONFLICT after a SELECT only if that has a WHERE.
    query = select(*same.values(), *(rows.c[name] for name in names)).where(true())
    return _insert(dialect, table).from_select([*same, *names], query)


def _insert(dialect: str, table: Table) -> Upsert:
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


@dataclass(frozen=True)
class Given:
    """What a prepared statement is made of: the dialect, and rows that each execution has its own of."""

    dialect: str
    columns: Columns

    @property
    def rows(self) -> FromClause:
        """The rows as a table."""
        return _table(self.dialect, self.columns, lambda name, type_: bindparam(name, type_=type_))

    def into(self, table: Table, **same: ColumnElement[Any]) -> "Upsert":
        """INSERT ... SELECT of the rows, with the columns that are the `same` in all of them."""
        return _inserted(self.dialect, table, self.columns, self.rows, same)

    def finding(
        self, rows: FromClause, columns: Columns, *conditions: ColumnElement[bool], held: bool = False
    ) -> Select[Any]:
        """The `columns`, of one table, of what each of `rows` finds there by `conditions`; `held` locks it.

        Each looks for itself, by an index, however many rows the database believes that there are; in a join
        it may walk all of the table instead. On SQLite, one that finds nothing gives a row of nothing.
        """
        if self.dialect == "postgresql":
            each = select(*columns).where(*conditions)
            # Either keeps it from being made part of a join.
            each = each.with_for_update(key_share=True) if held else each.offset(literal_column("0"))
            found = each.lateral("found")
            return select(*found.c).select_from(rows.join(found, true()))
        return select(*columns).select_from(rows.join(columns[0].table, and_(*conditions), isouter=True))

    def among(self, tested: ColumnElement[Any]) -> ColumnElement[bool]:
        """Whether `tested` is one of the rows, which have that column alone."""
        (only,) = self.columns
        if self.dialect == "postgresql":
            return tested == any_(bindparam(_name(only), type_=ARRAY(tested.type)))
        return tested.in_(select(self.rows.c[str(only.key)]))


Process = Callable[[Any], object] | None
"""Turns a value into what the driver takes; None: it takes it as it is."""


class _Built(NamedTuple):
    """A statement as one dialect has it, and how its columns are sent."""

    statement: Executable
    processes: Sequence[Process]


@dataclass(frozen=True)
class Prepared:
    """A statement over rows that is put together once for each dialect, and then only given its parameters.

    To build a statement and to recognise it takes the time of a hundred rows, so what every group of events
    executes is prepared.
    """

    columns: Columns
    build: Callable[[Given], Executable]
    _built: dict[str, _Built] = field(default_factory=dict)

    def __call__(self, connection: Connection, rows: Rows, **values: object) -> Any:
        """Execute it for `rows`, with `values` for its other parameters; the result, as of any statement."""
        dialect = connection.dialect
        if dialect.name not in self._built:
            statement = self.build(Given(dialect.name, self.columns))
            self._built[dialect.name] = _Built(statement, _processes(dialect, self.columns))
        built = self._built[dialect.name]
        sent = _parameters(rows, self.columns, built.processes, dialect.name)
        return connection.execute(built.statement, {**sent, **values})


def prepared(*columns: KeyedColumnElement[Any]) -> Callable[[Callable[[Given], Executable]], Prepared]:
    """Decorates what builds a statement over rows of these columns; called, it is executed."""
    return lambda build: Prepared(columns, build)


def _table(dialect: str, columns: Columns, parameter: Callable[[str, Any], BindParameter[Any]]) -> FromClause:
    return _unnested(columns, parameter) if dialect == "postgresql" else _from_json(columns, parameter)


def _unnested(columns: Columns, parameter: Callable[[str, Any], BindParameter[Any]]) -> FromClause:
    arrays = [parameter(_name(each), ARRAY(_sent_as(each), dimensions=1)) for each in columns]
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


def _from_json(columns: Columns, parameter: Callable[[str, Any], BindParameter[Any]]) -> FromClause:
    row = func.json_each(parameter(_TEXT, String)).table_valued("key", "value")
    return select(
        *(
            type_coerce(func.json_extract(row.c.value, literal_column(f"'$[{place}]'")), each.type).label(
                each.key
            )
            for place, each in enumerate(columns)
        )
    ).subquery("rows")


_TEXT = "rows"
"""The parameter that SQLite reads the rows from."""


def _name(each: KeyedColumnElement[Any]) -> str:
    return f"rows_{each.key}"


def _sent_as(each: ColumnElement[Any]) -> Any:
    return String if isinstance(each.type, JSON) else each.type


def _parameters(
    rows: Rows, columns: Columns, processes: Sequence[Process], dialect: str
) -> Mapping[str, object]:
    """The rows as the parameters that `_table` reads them from."""
    values = [list(each) for each in zip(*rows, strict=True)] if rows else [[] for _ in columns]
    sent = [
        [process(each) for each in some] if process else some
        for process, some in zip(processes, values, strict=True)
    ]
    if dialect == "postgresql":
        return {_name(each): some for each, some in zip(columns, sent, strict=True)}
    return {_TEXT: _json(list(zip(*sent, strict=True)))}


def _processes(dialect: Dialect, columns: Columns) -> list[Process]:
    """How the columns' values are sent; PostgreSQL's arrays see to all but JSON themselves."""
    return [
        _json
        if isinstance(each.type, JSON)
        else None
        if dialect.name == "postgresql"
        else each.type.dialect_impl(dialect).bind_processor(dialect)
        for each in columns
    ]


def _json(value: object) -> str:
    return to_json(value).decode()
