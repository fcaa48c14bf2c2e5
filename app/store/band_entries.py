"""Queries on band entries: when a partner came into a band for the first time."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Executable, func, literal, select

from app.models import band_entries, standings
from app.store.recordset import Given, among, inserting, prepared

_COLUMNS = [band_entries.c[name] for name in ("program", "partner", "band", "entered_at")]


def add(connection: Connection, program: str, rows: Sequence[tuple[str, str, datetime]]) -> None:
    """Note entries given as (partner, band, when); those that are known stay as they are."""
    keyed = [(program, *row) for row in sorted(rows)]
    _add(connection, keyed)


@prepared(*_COLUMNS)
def _add(given: Given) -> Executable:
    return given.into(band_entries).on_conflict_do_nothing()


def add_standings(
    connection: Connection, program: str, *, but: str | None, now: datetime, since_last_event: bool
) -> None:
    """Note for every partner the band that it is in, unless that is `but`.

    As of `now`, or as of its last event if it has the band since then.
    """
    own, moment = standings.c, literal(now, band_entries.c.entered_at.type)
    entered_at = func.coalesce(own.last_event_at, moment) if since_last_event else moment
    query = select(own.program, own.partner, own.band, entered_at).where(
        own.program == program, own.band.is_not(None), own.band.is_distinct_from(but)
    )
    names = [column.name for column in _COLUMNS]
    connection.execute(inserting(connection, band_entries).from_select(names, query).on_conflict_do_nothing())


def of_partners(connection: Connection, program: str, partners: Collection[str]) -> Sequence[Any]:
    """Which bands each of these partners came into, and when."""
    query = select(band_entries.c.partner, band_entries.c.band, band_entries.c.entered_at).where(
        band_entries.c.program == program, among(connection, band_entries.c.partner, partners)
    )
    return connection.execute(query).all()
