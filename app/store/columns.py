"""Integer columns read in bulk: all values of a column arrive as one, without an object for each.

Millions of tallies are read for a preview, and as rows they would take ten times the arithmetic on them.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from pydantic_core import to_json
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    LargeBinary,
    bindparam,
    cast,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.functions import FunctionElement

from app.scoring.arrays import Ints


def placed(connection: Connection, like: ColumnElement[str], values: Sequence[str]) -> FromClause:
    """A table of the values, which are `like` a column, each with its place from 0."""
    if connection.dialect.name == "postgresql":
        given = func.unnest(bindparam(None, list(values), ARRAY(like.type), unique=True))
        rows = given.table_valued("value", with_ordinality="nth").render_derived(name="given")
        return select((rows.c.nth - 1).label("place"), rows.c.value).subquery()
    rows = func.json_each(to_json(values).decode()).table_valued("key", "value")
    return select(rows.c.key.label("place"), rows.c.value).subquery()


def packed(connection: Connection, column: ColumnElement[int]) -> FunctionElement[Any]:
    """All values of a column, for `unpacked`; several columns of a query come in the same order."""
    if connection.dialect.name == "postgresql":
        return func.string_agg(func.int8send(cast(column, BigInteger)), literal(b"", LargeBinary))
    return func.group_concat(column)


def unpacked(values: bytes | str | None) -> Ints:
    """What PostgreSQL packed as bytes, and SQLite as text; nothing at all is null."""
    if isinstance(values, bytes):
        return np.frombuffer(values, dtype=">i8").astype(np.int64)
    return np.fromstring(values or "", dtype=np.int64, sep=",")
