"""Recording what a source posts: as any events, and besides what only a whole stream of them can tell."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from app.errors import FieldError
from app.services.attendances import keep_fragments, supersede
from app.services.bursts import judge_bursts
from app.services.entries import untimely
from app.services.recording import Result, record_by
from app.services.rulebook import hold_rulebook
from app.services.verdicts import Change
from app.sources.attending import Fragment
from app.sources.event import NewEvent
from app.store.ledger import LedgerEvent


def record_from_source(
    connection: Connection,
    program: str,
    source: str,
    events: Sequence[NewEvent],
    fragments: Sequence[Fragment],
    *,
    settle_seconds: int,
    received_at: datetime | None = None,
    now: datetime,
) -> list[Result]:
    """Record events and fragments of attendance as those of `source`, whatever source they name.

    Results of the events, then of the fragments, in the same order; a fragment's is that of the event which
    it came to with all others of its key. Any order of arrival, in however many calls, ends alike.
    """
    rules = hold_rulebook(connection, program)
    late = [untimely(fragment.at, now, kept_from=rules.kept_from) for fragment in fragments]
    timely = [fragment for fragment, error in zip(fragments, late, strict=True) if error is None]
    attended = keep_fragments(connection, program, source, timely)

    def rule(new: Sequence[LedgerEvent]) -> list[Change]:
        bursts = judge_bursts(connection, program, source, new)
        return [*bursts, *supersede(connection, program, source, attended.values())]

    together = [*events, *(each.event for each in attended.values())]
    results = record_by(
        connection,
        rules,
        [event.model_copy(update={"source": source}) for event in together],
        settle=timedelta(seconds=settle_seconds),
        rule=rule,
        received_at=received_at,
        now=now,
    )
    of_keys = dict(zip(attended, results[len(events) :], strict=True))
    return [*results[: len(events)], *_of_fragments(fragments, late, of_keys)]


def _of_fragments(
    fragments: Sequence[Fragment], late: Sequence[FieldError | None], of_keys: Mapping[str, Result]
) -> list[Result]:
    return [
        of_keys[fragment.key] if error is None else Result(fragment.key, "rejected", errors=(error,))
        for fragment, error in zip(fragments, late, strict=True)
    ]
