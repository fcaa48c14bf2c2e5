"""What a platform posts: kept as it came, then taken, which is to say that its items become events.

A request is kept in a transaction of its own before anything is made of it, so whatever goes wrong later, it
can be worked off again. Taking it is one transaction, which notes the outcome, too.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from sqlalchemy import Connection

from app import store
from app.errors import NotFound
from app.services.contacts import erase_contact
from app.services.fates import LONGEST_EXCERPT, Fate, Item, fates_of, told_apart, without_people
from app.services.introducing import introduce, teaches
from app.services.masking import masked, without_credentials
from app.services.recording import Result
from app.services.rulebook import hold_rulebook
from app.services.source_events import record_from_source
from app.services.sources import OpenSource
from app.sources.adapter import Incoming, Translation, Understood
from app.store.ledger import EventKey
from app.store.source_requests import RequestRow

MOST_REFUSALS = 100
"""Of one request, that are kept; how many there were follows from its numbers."""

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
        heard=[],
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

    An item that became events before is not read again, whatever would be made of it now; one that only told
    of people, or had somebody forgotten, does not do so again. If one of the first is not among the items any
    more, nothing is taken: what was counted could not be told from what was not.
    """
    row = store.source_requests.hold(connection, source.id, n)
    known, items = frozenset(row.counted), told_apart(translation)
    if not known <= items.keys():
        status = "quarantined" if row.refused else "taken"
        return _noted(connection, row, {"status": status, "error": UNLIKE})
    left = _unheard({digest: each for digest, each in items.items() if digest not in known}, row.heard)
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
    program, fresh = source.program, _fresh(connection, source, todo)
    news = fresh.introductions if teaches(connection, program, fresh.introductions) else []
    # First of all: whoever holds a program with others cannot come to hold it alone.
    hold_rulebook(connection, program, alone=bool(news or fresh.erasures))
    if news:
        introduce(connection, program, news, now=now)
    results = record_from_source(
        connection,
        program,
        source.id,
        todo.events,
        todo.fragments,
        settle_seconds=source.settings.get("settle_seconds", 0),
        received_at=since,
        now=now,
    )
    for person in fresh.erasures:
        with suppress(NotFound):
            erase_contact(connection, program, person)
    return results


def _fresh(connection: Connection, source: OpenSource, todo: Translation) -> Translation:
    """The items to learn and to forget people by: not repeats, which would move or erase them again later."""
    if not (todo.introductions or todo.erasures):
        return Translation([])
    keys = {(source.id, event.id) for event in todo.events}
    known = store.ledger.by_keys(connection, source.program, keys).keys()
    return Translation([each for each in todo.items if not _is_repeat(each, source, known)])


def _is_repeat(item: Item, source: OpenSource, known: Collection[EventKey]) -> bool:
    events = item.meaning.events if isinstance(item, Understood) else ()
    return bool(events) and all((source.id, event.id) in known for event in events)


def _unheard(items: Mapping[str, Item], heard: Collection[str]) -> dict[str, Item]:
    """The items, by digest; those that were heard have nothing to tell of people any more."""
    return {digest: without_people(each) if digest in heard else each for digest, each in items.items()}


def _outcome(row: RequestRow, fates: Sequence[Fate], source: OpenSource, *, items: int) -> dict[str, object]:
    refused = [refusal for each in fates for refusal in _refusals(each, source.secrets)]
    counted = [each for each in fates if each.is_counted]
    return {
        "status": "quarantined" if refused else "taken",
        "items": items,
        "events": row.events + len(counted),
        "ignored": sum(each.is_ignored for each in fates),
        "refused": refused[:MOST_REFUSALS],
        "counted": sorted({*row.counted, *(each.digest for each in counted)}),
        "heard": sorted({*row.heard, *(each.digest for each in fates if each.is_ignored and each.tells)}),
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
