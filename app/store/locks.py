"""Locks on names that need not be those of rows: whoever wants one of them waits for the other's commit."""

from collections.abc import Collection
from zlib import crc32

from sqlalchemy import Connection, String, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

LOCKS = 7205
"""Keeps these advisory locks apart from a program's own."""

BUCKETS = 256
"""Names share so many locks, since the server has room for some thousands only, whatever a request names."""


def hold(connection: Connection, program: str, kind: str, names: Collection[str]) -> None:
    """Let nobody else hold the same kind of names until the transaction ends; on SQLite that is so anyway."""
    if connection.dialect.name != "postgresql":
        return
    # In order, so that two who want the same names wait for each other instead of deadlocking.
    buckets = sorted({crc32(name.encode()) % BUCKETS for name in names})
    locks = bindparam("locks", [f"{program}/{kind}/{bucket}" for bucket in buckets], ARRAY(String))
    each = func.unnest(locks).column_valued("each")
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(each, LOCKS)))).all()
