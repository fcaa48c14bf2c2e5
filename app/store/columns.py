"""Integer columns read in bulk: a group's values arrive as one, without an object for each.

Millions of tallies are read for a preview, and as rows they would take ten times the arithmetic on them.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, ColumnElement, Connection, LargeBinary, cast, func, literal

from app.scoring.arrays import Ints


def packed(connection: Connection, column: ColumnElement[int]) -> ColumnElement[Any]:
    """All values of a column in a group, for `unpacked`; several columns come in the same order."""
    if connection.dialect.name == "postgresql":
        return func.string_agg(func.int8send(cast(column, BigInteger)), literal(b"", LargeBinary))
    return func.group_concat(column)


def unpacked(connection: Connection, groups: Iterable[Any]) -> Ints:
    """The values of one group after the other, as one array."""
    if connection.dialect.name == "postgresql":
        return np.frombuffer(b"".join(groups), dtype=">i8").astype(np.int64)
    return np.fromstring(",".join(groups), dtype=np.int64, sep=",")
