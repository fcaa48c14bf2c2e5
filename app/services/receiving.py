"""What a platform posts: kept as it came, then taken, which is to say that its items become events.

A request is kept in a transaction of its own before anything is made of it, so whatever goes wrong later, it
can be worked off again. Taking it is one transaction, which notes the outcome, too.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from sqlalchemy import Connection

from app import store
from app.errors import NotFound
from app.services.contacts import erase_contact
from app.services.fates import LONGEST_EXCERPT, Fate, fates_of, told_apart
from app.services.introducing import introduce, teaches
from app.services.masking import masked, without_credentials
from app.services.recording import Result
from app.services.rulebook import hold_rulebook
from app.services.source_events import record_from_source
from app.services.sources import OpenSource
from app.sources.adapter import Incoming, Introduction, Translation
from app.store.source_requests import RequestRow

UNLIKE = (
    "Its items are others now than those that became events: what was counted could not be told from what was"
    " not, so nothing was taken."
)


def keep_request(connection: Connection, source: OpenSource, incoming: Incoming, *, now: datetime) -> int:
    """Keep a request as it came, but for its secrets; its number."""
    return store.source_requests.add(
        connection,
        source.id,
        program=source.program,
        received_at=now,
        method=incoming.method,
        path=_storable(masked(incoming.path, source.secrets)),
        query=_kept(incoming.query, source),
        headers=_kept(incoming.headers, source),
        body=incoming.body,
        status="received",
        items=0,
        events=0,
        ignored=0,
        refused=[],
        counted=[],
        tries=1,
        tried_at=now,
    )


def incoming_of(row: RequestRow) -> Incoming:
    """A kept request, to be translated again; it was verified when it came."""
    return Incoming(row.headers, row.body, row.query, method=row.method, path=row.path)


def take(
    connection: Connection, source: OpenSource, n: int, translation: Translation, *, now: datetime
) -> RequestRow:
    """Record what a kept request came to; the request with its outcome.

    An item that became events before is not read again, whatever would be made of it now. If one of those is
    not among the items any more, nothing is taken: what was counted could not be told from what was not.
    """
    row = store.source_requests.hold(connection, source.id, n)
    known, items = frozenset(row.counted), told_apart(translation)
    if not known <= items.keys():
        status = "quarantined" if row.refused else "taken"
        return _noted(connection, row, {"status": status, "error": UNLIKE})
    left = {digest: each for digest, each in items.items() if digest not in known}
    todo = Translation([*left.values()])
    results = _record(connection, source, todo, since=row.received_at, now=now)
    return _noted(connection, row, _outcome(row, fates_of(left, results), source, items=len(items)))


def note_unreadable(connection: Connection, source: OpenSource, n: int, why: str) -> RequestRow:
    """Note that nothing could be made of a kept request's body; the request."""
    row = store.source_requests.hold(connection, source.id, n)
    return _noted(connection, row, {"status": "unreadable", "error": why})


def note_failure(connection: Connection, source: str, n: int, error: str, *, for_good: bool) -> None:
    """Note that taking a request failed as a whole; it is tried again, unless it is `for_good`."""
    status = "failed" if for_good else "received"
    store.source_requests.change(connection, source, n, {"status": status, "error": _storable(error)[:500]})


def _record(
    connection: Connection, source: OpenSource, todo: Translation, *, since: datetime, now: datetime
) -> list[Result]:
    """Record the events, once it is learnt who the people are, and before some of them are forgotten.

    Results of the events, then of the fragments.
    """
    program = source.program
    told = _news(connection, source, todo)
    # First of all: whoever holds a program with others cannot come to hold it alone.
    hold_rulebook(connection, program, alone=bool(told or todo.erasures))
    if told:
        introduce(connection, program, told, now=now)
    results = record_from_source(
        connection,
        program,
        source.id,
        [event.model_copy(update={"occurred_at": event.occurred_at or since}) for event in todo.events],
        todo.fragments,
        settle_seconds=source.settings.get("settle_seconds", 0),
        now=now,
    )
    for person in todo.erasures:
        with suppress(NotFound):
            erase_contact(connection, program, person)
    return results


def _news(connection: Connection, source: OpenSource, todo: Translation) -> list[Introduction]:
    """What the introductions teach, but those of repeats: late ones would move people back."""
    if not teaches(connection, source.program, todo.introductions):
        return []
    keys = {(source.id, event.id) for event in todo.events}
    known = store.ledger.by_keys(connection, source.program, keys).keys()
    return [
        introduction
        for each in todo.meanings
        if not each.events or any((source.id, event.id) not in known for event in each.events)
        for introduction in each.introductions
    ]


def _outcome(row: RequestRow, fates: Sequence[Fate], source: OpenSource, *, items: int) -> dict[str, object]:
    refused = [refusal for each in fates for refusal in _refusals(each, source.secrets)]
    counted = [each for each in fates if each.is_counted]
    return {
        "status": "quarantined" if refused else "taken",
        "items": items,
        "events": row.events + len(counted),
        "ignored": sum(each.is_ignored for each in fates),
        "refused": refused,
        "counted": sorted({*row.counted, *(each.digest for each in counted)}),
        "error": None,
    }


def _refusals(fate: Fate, secrets: Sequence[str]) -> Iterator[dict[str, str]]:
    """Masked before it is cut: half a secret would not be found."""
    for reason in fate.refusals:
        yield {"reason": masked(reason, secrets), "item": masked(fate.text, secrets)[:LONGEST_EXCERPT]}


def _noted(connection: Connection, row: RequestRow, values: dict[str, object]) -> RequestRow:
    store.source_requests.change(connection, row.source, row.n, values)
    return store.source_requests.hold(connection, row.source, row.n)


def _kept(values: Mapping[str, str], source: OpenSource) -> dict[str, str]:
    shown = without_credentials(values, source.secrets)
    return {_storable(name): _storable(value) for name, value in shown.items()}


def _storable(text: str) -> str:
    """Without what PostgreSQL refuses."""
    return text.encode(errors="replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
