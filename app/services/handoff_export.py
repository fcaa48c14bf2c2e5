"""Hand-offs for a file: page by page, in the order in which they crossed, each page read by itself."""

from datetime import datetime

from sqlalchemy import Connection

from app import store
from app.services.handoff_view import Handoff, handoff_view
from app.services.rulebook import rulebook
from app.store.handoff_files import Place, Wanted

HANDOFFS_AT_ONCE = 200


def export_some(
    connection: Connection, program: str, wanted: Wanted, *, after: Place | None, now: datetime
) -> tuple[list[Handoff], Place | None]:
    """The next hand-offs, and the place to go on after; None when these are the last."""
    rows = store.handoff_files.page(connection, program, wanted, after=after, limit=HANDOFFS_AT_ONCE)
    rules = rulebook(connection, program)
    moves = store.handoffs.history(connection, [row.id for row in rows])
    views = [
        handoff_view(row, moves.get(row.id, []), score_now=rules.score_now(row.stored, now=now))
        for row in rows
    ]
    is_full = len(rows) == HANDOFFS_AT_ONCE
    return views, Place(rows[-1].crossed_at, rows[-1].id) if is_full else None
